using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>A message that matched.</summary>
/// <param name="Number">Its sequence number.</param>
/// <param name="Message">Its state.</param>
/// <param name="Relevancy">How well it matched, 1 to 100.</param>
internal readonly record struct Found(uint Number, MessageState Message, int Relevancy = 100);

/// <summary>Runs a search over one mailbox for SEARCH, SORT, THREAD and ESEARCH, and says how far it is while that takes long (INPROGRESS, RFC 9585).</summary>
/// <param name="session">For whom.</param>
/// <param name="selected">The mailbox; null to tell of progress only.</param>
/// <param name="tag">Tag of the command.</param>
internal sealed class SearchRun(ImapSession session, SelectedMailbox? selected, string tag)
{
    private const int RowsAtOnce = 64;

    /// <summary>How many messages may be looked at or found (RFC 9738), 0 for all.</summary>
    public int Limit { get; init; }

    /// <summary>The lowest UID that was looked at when older ones were left out.</summary>
    public Uid? LowestSeen { get; private set; }

    /// <summary>Messages that were looked at beyond what the snapshot ruled out.</summary>
    public int Looked { get; private set; }

    private long _lastSaid = session.With.Clock.GetTimestamp();

    /// <summary>How far a search over several mailboxes is; null to count messages.</summary>
    public (int Done, int All)? Counts { get; init; }

    private SelectedMailbox Mailbox => selected ?? throw new InvalidOperationException("no mailbox to search");

    /// <summary>All matches in mailbox order.</summary>
    public async ValueTask<List<Found>> FindAsync(SearchMatcher matcher, CancellationToken cancellationToken)
    {
        matcher.Ask(session.With.Index);
        var candidates = Candidates(matcher);
        if (Limit > 0 && candidates.Count > Limit)
        {
            candidates.RemoveRange(0, candidates.Count - Limit);
            LowestSeen = candidates[0].Found.Message.Uid;
        }

        var found = new List<Found>();
        var open = new List<Found>();
        foreach (var (one, isFound) in candidates)
        {
            (isFound ? found : open).Add(one);
        }

        Looked = candidates.Count;
        return await JudgeAsync(matcher, found, open, saysProgress: true, cancellationToken);
    }

    /// <summary>Of the messages of these UIDs those that match, in mailbox order; UIDs that are not in the view are passed over.</summary>
    public async ValueTask<List<Found>> FindAmongAsync(SearchMatcher matcher, IReadOnlyList<Uid> uids, CancellationToken cancellationToken)
    {
        var found = new List<Found>();
        var open = new List<Found>();
        foreach (var uid in uids)
        {
            var index = Mailbox.View.IndexOf(uid);
            if (index < 0)
            {
                continue;
            }

            var one = new Found((uint)index + 1, Mailbox.Current(Mailbox.View[index]));
            if (matcher.MatchState(one.Message) is not false and var matches)
            {
                (matches == true ? found : open).Add(one);
            }
        }

        return await JudgeAsync(matcher, found, open, saysProgress: false, cancellationToken);
    }

    /// <summary>Adds to what is found the open ones whose rows match.</summary>
    private async ValueTask<List<Found>> JudgeAsync(SearchMatcher matcher, List<Found> found, List<Found> open, bool saysProgress, CancellationToken cancellationToken)
    {
        for (var start = 0; start < open.Count; start += RowsAtOnce)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (saysProgress)
            {
                await SayProgressAsync(start, open.Count, cancellationToken);
            }

            await ReadBatchAsync(matcher, open.GetRange(start, Math.Min(RowsAtOnce, open.Count - start)), found, cancellationToken);
        }

        found.Sort((a, b) => a.Number.CompareTo(b.Number));
        return found;
    }

    /// <summary>Messages the snapshot does not rule out, and whether it is sure of them.</summary>
    private List<(Found Found, bool IsFound)> Candidates(SearchMatcher matcher)
    {
        var candidates = new List<(Found Found, bool IsFound)>();
        if (matcher.Positions() is { } positions)
        {
            positions.ForEach(position => Judge(matcher, position, Mailbox.View[position], candidates));
            return candidates;
        }

        var at = 0;
        foreach (var seen in Mailbox.View.Range(0, Mailbox.View.Count))
        {
            Judge(matcher, at++, seen, candidates);
        }

        return candidates;
    }

    private void Judge(SearchMatcher matcher, int position, MessageState seen, List<(Found Found, bool IsFound)> candidates)
    {
        var message = Mailbox.Current(seen);
        var matches = matcher.MatchState(message);
        if (matches != false)
        {
            candidates.Add((new Found((uint)position + 1, message), matches == true));
        }
    }

    /// <summary>Tells how far the command is when nothing was told for long.</summary>
    public async ValueTask SayProgressAsync(int done, int all, CancellationToken cancellationToken)
    {
        var clock = session.With.Clock;
        if (clock.GetElapsedTime(_lastSaid) >= session.With.ProgressEvery)
        {
            _lastSaid = clock.GetTimestamp();
            (done, all) = Counts ?? (done, all);
            session.Untagged($"OK [INPROGRESS (\"{tag}\" {done} {all})] Still searching");
            await session.FlushAsync(cancellationToken);
        }
    }

    private async ValueTask ReadBatchAsync(SearchMatcher matcher, List<Found> batch, List<Found> found, CancellationToken cancellationToken)
    {
        var at = 0;
        var uids = batch.ConvertAll(b => b.Message.Uid);
        await foreach (var row in Mailbox.Store.ReadAsync(Mailbox.Id, uids, matcher.Columns, cancellationToken))
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
