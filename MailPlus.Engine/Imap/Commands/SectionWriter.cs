using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>Writes sections of one message as literals, streamed.</summary>
internal sealed class SectionWriter
{
    private readonly ImapSession _session;
    private readonly Uid _uid;
    private readonly StoredContent _content;
    private readonly PartLocator _locator;

    public SectionWriter(ImapSession session, Uid uid, StoredContent content)
    {
        _session = session;
        _uid = uid;
        _content = content;
        var known = session.Selected!.LastStructure;
        _locator = PartLocator.With(content, content.HeaderLength, known?.Uid == uid ? known.Value.Tree : null);
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
