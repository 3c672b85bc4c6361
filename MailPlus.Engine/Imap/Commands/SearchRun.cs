using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>A message that matched.</summary>
/// <param name="Number">Its sequence number.</param>
/// <param name="Message">Its state.</param>
/// <param name="Relevancy">How well it matched, 1 to 100.</param>
internal readonly record struct Found(uint Number, MessageState Message, int Relevancy = 100);

/// <summary>Runs a search over one mailbox for SEARCH, SORT, THREAD and ESEARCH, and says how far it is while that takes long (INPROGRESS, RFC 9585).</summary>
/// <param name="session">For whom.</param>
/// <param name="selected">The mailbox.</param>
/// <param name="tag">Tag of the command.</param>
internal sealed class SearchRun(ImapSession session, SelectedMailbox selected, string tag)
{
    private const int RowsAtOnce = 64;

    private long _lastSaid = session.With.Clock.GetTimestamp();

    /// <summary>All matches in mailbox order.</summary>
    public async ValueTask<List<Found>> FindAsync(SearchMatcher matcher, CancellationToken cancellationToken)
    {
        var found = new List<Found>();
        var open = new List<Found>();
        uint number = 0;
        foreach (var seen in selected.View.Range(0, selected.View.Count))
        {
            number++;
            var message = selected.Current(seen);
            switch (matcher.MatchState(message))
            {
                case true:
                    found.Add(new Found(number, message));
                    break;
                case null:
                    open.Add(new Found(number, message));
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
            await SayProgressAsync(start, open.Count, cancellationToken);
            await ReadBatchAsync(matcher, open.GetRange(start, Math.Min(RowsAtOnce, open.Count - start)), found, cancellationToken);
        }

        found.Sort((a, b) => a.Number.CompareTo(b.Number));
        return found;
    }

    /// <summary>Tells how far the command is when nothing was told for long.</summary>
    public async ValueTask SayProgressAsync(int done, int all, CancellationToken cancellationToken)
    {
        var clock = session.With.Clock;
        if (clock.GetElapsedTime(_lastSaid) >= session.With.ProgressEvery)
        {
            _lastSaid = clock.GetTimestamp();
            session.Untagged($"OK [INPROGRESS (\"{tag}\" {done} {all})] Still searching");
            await session.FlushAsync(cancellationToken);
        }
    }

    private async ValueTask ReadBatchAsync(SearchMatcher matcher, List<Found> batch, List<Found> found, CancellationToken cancellationToken)
    {
        var at = 0;
        var uids = batch.ConvertAll(b => b.Message.Uid);
        await foreach (var row in session.Store.ReadAsync(selected.Id, uids, matcher.Columns, cancellationToken))
        {
            while (uids[at] != row.Uid)
            {
                at++;
            }

            try
            {
                if (await matcher.MatchRowAsync(batch[at].Message, row, cancellationToken) is > 0 and var relevancy)
                {
                    found.Add(batch[at] with { Relevancy = relevancy });
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
}
