using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>Writes sections of one message as literals, streamed.</summary>
internal sealed class SectionWriter
{
    private readonly ImapSession _session;
    private readonly Uid _uid;
    private readonly MessageContent _content;
    private readonly PartLocator _locator;

    public SectionWriter(ImapSession session, Uid uid, MessageContent content, int headerLength)
    {
        _session = session;
        _uid = uid;
        _content = content;
        var known = session.Selected!.LastStructure;
        _locator = PartLocator.With(content, headerLength, known?.Uid == uid ? known.Value.Tree : null);
    }

    public async ValueTask WriteAsync(FetchItem item, CancellationToken cancellationToken)
    {
        var output = _session.Output;
        output.Write(item.Label);
        output.Write((byte)' ');
        var found = await _locator.FindAsync(item.Section!, cancellationToken);
        if (_locator.KnownTree is { } tree)
        {
            _session.Selected!.LastStructure = (_uid, tree);
        }

        if (found is not { } octets)
        {
            output.Write("NIL"u8);
            return;
        }

        if (item.Partial is { } partial)
        {
            octets = octets.Slice(partial.Start, partial.Count);
        }

        await WriteLiteralAsync(output, octets, cancellationToken);
    }

    /// <summary>BINARY and BINARY.SIZE; false when an encoding is not known, which shows as NIL.</summary>
    public async ValueTask<bool> WriteBinaryAsync(FetchItem item, CancellationToken cancellationToken)
    {
        var output = _session.Output;
        output.Write(item.Label);
        output.Write((byte)' ');
        var tree = _locator.Tree;
        _session.Selected!.LastStructure = (_uid, tree);
        var numbers = item.Section!.Numbers;
        var part = numbers.Count == 0 ? null : _locator.Locate(numbers);
        var isSize = item.Attribute == FetchAttribute.BinarySize;
        if (part is null && numbers.Count > 0)
        {
            output.Write(isSize ? "0"u8 : "NIL"u8);
            return true;
        }

        await using var spool = new LiteralSpool(_session.With.Run.DataFolder);
        var taker = new RangeTaker(item.Partial ?? (0, isSize ? 0 : long.MaxValue), spool, isSize);
        try
        {
            await new BinaryForm(_content, tree).WriteAsync(part, taker.TakeAsync, cancellationToken);
        }
        catch (UnknownEncodingException)
        {
            output.Write(isSize ? "0"u8 : "NIL"u8);
            return false;
        }

        if (isSize)
        {
            output.Write(taker.Seen);
            return true;
        }

        await using var decoded = await spool.FinishAsync(cancellationToken);
        await using var stream = decoded.OpenRead();
        output.Write(spool.HasNul ? "~"u8 : default);
        output.LiteralMark(decoded.Length);
        _session.Connection.SetDeadline(Net.Connections.DeadlineKind.Write, TimeSpan.FromMinutes(30));
        await output.CopyAsync(stream, decoded.Length, cancellationToken);
        return true;
    }

    /// <summary>Keeps the octets of a partial and lets the rest go by.</summary>
    private sealed class RangeTaker((long Start, long Count) range, LiteralSpool spool, bool countsOnly)
    {
        public long Seen { get; private set; }

        public async ValueTask<bool> TakeAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
        {
            var from = Math.Clamp(range.Start - Seen, 0, octets.Length);
            var to = range.Count >= long.MaxValue - range.Start ? octets.Length : Math.Clamp(range.Start + range.Count - Seen, from, octets.Length);
            Seen += octets.Length;
            if (countsOnly)
            {
                return true;
            }

            await spool.WriteAsync(octets[(int)from..(int)to], cancellationToken);
            return Seen - range.Start < range.Count;
        }
    }

    private async ValueTask WriteLiteralAsync(ResponseWriter output, SectionOctets octets, CancellationToken cancellationToken)
    {
        if (octets.Made is { } made)
        {
            output.LiteralMark(octets.Length);
            await output.CopyAsync(made, cancellationToken);
        }
        else if (_content.InMemory is { } memory)
        {
            output.LiteralMark(octets.Length);
            await output.CopyAsync(memory.Slice((int)octets.Offset, (int)octets.Length), cancellationToken);
        }
        else
        {
            // Opened before the literal is announced: from there on there is no way back.
            await using var stream = _content.OpenRead();
            stream.Position = octets.Offset;
            output.LiteralMark(octets.Length);
            _session.Connection.SetDeadline(Net.Connections.DeadlineKind.Write, TimeSpan.FromMinutes(30));
            await output.CopyAsync(stream, octets.Length, cancellationToken);
        }
    }
}
