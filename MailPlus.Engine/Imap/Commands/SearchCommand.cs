using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>SEARCH and UID SEARCH (RFC 3501 6.4.4, ESEARCH RFC 4731, MODSEQ RFC 7162 3.1.5).</summary>
internal sealed class SearchCommand(bool byUid) : ImapCommand(byUid ? "UID SEARCH" : "SEARCH", SessionStates.Selected, byUid ? NewsKind.All : NewsKind.KeepNumbers)
{
    private const int RowsAtOnce = 64;

    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var selected = session.Selected!;
        var arguments = SearchArguments.Parse(command);
        session.IsCondStore |= arguments.UsesModSeq;
        var matcher = new SearchMatcher(selected, arguments.Key);
        var found = await FindAsync(session, matcher, cancellationToken);
        if (arguments.Return == SearchReturn.Plain)
        {
            await WritePlainAsync(session, arguments, found, cancellationToken);
        }
        else
        {
            WriteExtended(session, arguments, command.Tag, found);
        }

        return Completion.Ok("Search completed");
    }

    private static async ValueTask<List<(uint Number, MessageState Message)>> FindAsync(ImapSession session, SearchMatcher matcher, CancellationToken cancellationToken)
    {
        var selected = session.Selected!;
        var found = new List<(uint Number, MessageState Message)>();
        var open = new List<(uint Number, MessageState Message)>();
        uint number = 0;
        foreach (var seen in selected.View.Range(0, selected.View.Count))
        {
            number++;
            var message = selected.Current(seen);
            switch (matcher.MatchState(number, message))
            {
                case true:
                    found.Add((number, message));
                    break;
                case null:
                    open.Add((number, message));
                    break;
            }
        }

        if (open.Count == 0)
        {
            return found;
        }

        for (var start = 0; start < open.Count; start += RowsAtOnce)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await ReadBatchAsync(session, matcher, open.GetRange(start, Math.Min(RowsAtOnce, open.Count - start)), found, cancellationToken);
        }

        found.Sort((a, b) => a.Number.CompareTo(b.Number));
        return found;
    }

    private static async ValueTask ReadBatchAsync(
        ImapSession session, SearchMatcher matcher, List<(uint Number, MessageState Message)> batch, List<(uint Number, MessageState Message)> found, CancellationToken cancellationToken)
    {
        var at = 0;
        var uids = batch.ConvertAll(b => b.Message.Uid);
        await foreach (var row in session.Store.ReadAsync(session.Selected!.Id, uids, matcher.Columns, cancellationToken))
        {
            while (uids[at] != row.Uid)
            {
                at++;
            }

            try
            {
                if (await matcher.MatchRowAsync(batch[at].Number, batch[at].Message, row, cancellationToken))
                {
                    found.Add(batch[at]);
                }
            }
            finally
            {
                if (row.Content is { } content)
                {
                    await content.DisposeAsync();
                }
            }
        }
    }

    private async ValueTask WritePlainAsync(ImapSession session, SearchArguments arguments, List<(uint Number, MessageState Message)> found, CancellationToken cancellationToken)
    {
        var output = session.Output;
        output.Write("* SEARCH"u8);
        foreach (var (number, message) in found)
        {
            output.Write((byte)' ');
            output.Write(byUid ? message.Uid.Value : number);
            await output.FlushIfFullAsync(cancellationToken);
        }

        if (arguments.UsesModSeq && found.Count > 0)
        {
            output.Write(" (MODSEQ "u8);
            output.Write(found.Max(f => f.Message.ModSeq.Value));
            output.Write((byte)')');
        }

        output.Line();
    }

    private void WriteExtended(ImapSession session, SearchArguments arguments, string tag, List<(uint Number, MessageState Message)> found)
    {
        var output = session.Output;
        output.Write("* ESEARCH (TAG "u8);
        output.String(System.Text.Encoding.ASCII.GetBytes(tag));
        output.Write(byUid ? ") UID"u8 : ")"u8);
        if (found.Count > 0)
        {
            WriteFound(output, arguments, found);
        }

        if ((arguments.Return & SearchReturn.Count) != 0)
        {
            output.Write(" COUNT "u8);
            output.Write(found.Count);
        }

        if (arguments.UsesModSeq && found.Count > 0)
        {
            output.Write(" MODSEQ "u8);
            output.Write(HighestModSeq(arguments.Return, found));
        }

        output.Line();
    }

    private void WriteFound(ResponseWriter output, SearchArguments arguments, List<(uint Number, MessageState Message)> found)
    {
        if ((arguments.Return & SearchReturn.Min) != 0)
        {
            output.Write(" MIN "u8);
            output.Write(Shown(found[0]));
        }

        if ((arguments.Return & SearchReturn.Max) != 0)
        {
            output.Write(" MAX "u8);
            output.Write(Shown(found[^1]));
        }

        if ((arguments.Return & SearchReturn.All) != 0)
        {
            output.Write(" ALL "u8);
            output.Set(UidSet.From(found.Select(f => new Uid(Shown(f)))));
        }
    }

    /// <summary>RFC 4731 3.2: of the messages returned, which with only MIN or MAX are not all.</summary>
    private static long HighestModSeq(SearchReturn result, List<(uint Number, MessageState Message)> found) => (result & (SearchReturn.Min | SearchReturn.Max | SearchReturn.All | SearchReturn.Count)) switch
    {
        SearchReturn.Min => found[0].Message.ModSeq.Value,
        SearchReturn.Max => found[^1].Message.ModSeq.Value,
        SearchReturn.Min | SearchReturn.Max => Math.Max(found[0].Message.ModSeq.Value, found[^1].Message.ModSeq.Value),
        _ => found.Max(f => f.Message.ModSeq.Value),
    };

    private uint Shown((uint Number, MessageState Message) found) => byUid ? found.Message.Uid.Value : found.Number;
}
