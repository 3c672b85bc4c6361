using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>UIDBATCHES (RFC 10022): UID ranges that cut the mailbox into batches of one size, the newest messages first.</summary>
internal sealed class UidBatchesCommand() : ImapCommand("UIDBATCHES", SessionStates.Selected)
{
    /// <summary>A server must take batches of this size; smaller ones would be all overhead.</summary>
    private const uint SmallestBatch = 500;

    public override ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var (size, first, last) = Parse(command);
        if (size < SmallestBatch)
        {
            return new(Completion.No($"A batch holds at least {SmallestBatch} messages", "TOOFEW"));
        }

        var view = session.Selected!.View;
        var output = session.Output;
        output.Write("* UIDBATCHES (TAG "u8);
        output.String(System.Text.Encoding.ASCII.GetBytes(command.Tag));
        output.Write((byte)')');
        var separator = (byte)' ';
        foreach (var (high, low) in Batches(view.Count, at => view[at].Uid, size).Skip((int)Math.Min(first - 1, int.MaxValue)).Take((int)Math.Min((long)last - first + 1, int.MaxValue)))
        {
            output.Write(separator);
            output.Write(high);
            if (low != high)
            {
                output.Write((byte)':');
                output.Write(low);
            }

            separator = (byte)',';
        }

        output.Line();
        return new(Completion.Ok("Uidbatches completed"));
    }

    /// <summary>The batches of a mailbox: without a gap between them, the last one down to UID 1, so that together they name every UID there ever was.</summary>
    public static IEnumerable<(uint High, uint Low)> Batches(int count, Func<int, Uid> uidAt, uint size)
    {
        var high = count == 0 ? 0 : uidAt(count - 1).Value;
        for (long end = count; end > 0; end -= size)
        {
            var low = end > size ? uidAt((int)(end - size)).Value : 1;
            yield return (high, low);
            high = low - 1;
        }
    }

    private static (uint Size, uint First, uint Last) Parse(CommandText command)
    {
        var reader = command.Read();
        reader.Space();
        var size = reader.Number();
        var (first, last) = (1u, uint.MaxValue);
        if (reader.TryTake((byte)' '))
        {
            first = reader.Number();
            reader.Take((byte)':');
            last = reader.Number();
        }

        reader.End();
        return size == 0 || first == 0 || last < first ? throw new SyntaxException("Expected a range of batches") : (size, first, last);
    }
}
