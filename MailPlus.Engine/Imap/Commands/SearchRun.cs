using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

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
    public async ValueTask<Matches> FindAsync(SearchMatcher matcher, CancellationToken cancellationToken)
    {
        matcher.Ask(session.With.Index);
        var (sure, open) = (new Positions(), new Positions()); // what the snapshot finds, and what it cannot rule out
        Look(matcher, sure, open);
        if (Limit > 0 && sure.Count + open.Count > Limit)
        {
            var first = sure.All().Concat(open.All()).Order().Skip(sure.Count + open.Count - Limit).First();
            sure.DropBefore(first);
            open.DropBefore(first);
            LowestSeen = Mailbox.View[first].Uid;
        }

        Looked = sure.Count + open.Count;
        return await JudgeAsync(matcher, (sure, open), saysProgress: true, cancellationToken);
    }

    /// <summary>Of the messages of these UIDs, in ascending order, those that match; UIDs that are not in the view are passed over.</summary>
    public async ValueTask<Matches> FindAmongAsync(SearchMatcher matcher, IReadOnlyList<Uid> uids, CancellationToken cancellationToken)
    {
        var (sure, open) = (new Positions(), new Positions());
        foreach (var uid in uids)
        {
            var position = Mailbox.View.IndexOf(uid);
            if (position >= 0 && matcher.MatchState(Mailbox.Current(Mailbox.View[position])) is not false and var matches)
            {
                (matches == true ? sure : open).Add(position);
            }
        }

        return await JudgeAsync(matcher, (sure, open), saysProgress: false, cancellationToken);
    }

    /// <summary>What the snapshot finds, and of what it cannot rule out those whose rows match.</summary>
    private async ValueTask<Matches> JudgeAsync(SearchMatcher matcher, (Positions Sure, Positions Open) looked, bool saysProgress, CancellationToken cancellationToken)
    {
        var (sure, open) = looked;
        if (open.Count == 0)
        {
            return new Matches(Mailbox, sure);
        }

        var (found, relevancies) = (new Positions(), new Dictionary<int, int>());
        var done = 0;
        foreach (var batch in open.All().Chunk(RowsAtOnce))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (saysProgress)
            {
                await SayProgressAsync(done, open.Count, cancellationToken);
            }

            await ReadBatchAsync(matcher, batch, (found, relevancies), cancellationToken);
            done += batch.Length;
        }

        return new Matches(Mailbox, Positions.Union(sure, found)) { Relevancies = relevancies };
    }

    private void Look(SearchMatcher matcher, Positions sure, Positions open)
    {
        if (matcher.Positions() is { } positions)
        {
            positions.ForEach(position => Judge(matcher.MatchState(Mailbox.Current(Mailbox.View[position])), position));
            return;
        }

        var isCurrent = ReferenceEquals(Mailbox.View, Mailbox.Known);
        for (var position = 0; position < Mailbox.View.Count;)
        {
            foreach (ref readonly var seen in Mailbox.View.Stretch(position).Span)
            {
                Judge(matcher.MatchState(isCurrent ? seen : Mailbox.Current(seen)), position++);
            }
        }

        void Judge(bool? matches, int position)
        {
            if (matches != false)
            {
                (matches == true ? sure : open).Add(position);
            }
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

    private async ValueTask ReadBatchAsync(SearchMatcher matcher, int[] batch, (Positions Positions, Dictionary<int, int> Relevancies) found, CancellationToken cancellationToken)
    {
        var at = 0;
        var messages = Array.ConvertAll(batch, position => Mailbox.Current(Mailbox.View[position]));
        await foreach (var row in Mailbox.Store.ReadAsync(Mailbox.Id, Array.ConvertAll(messages, m => m.Uid), matcher.Columns, cancellationToken))
        {
            while (messages[at].Uid != row.Uid)
            {
                at++;
            }

            try
            {
                if (await matcher.MatchRowAsync(messages[at], row, cancellationToken) is > 0 and var relevancy)
                {
                    found.Positions.Add(batch[at]);
                    if (relevancy != 100)
                    {
                        found.Relevancies[batch[at]] = relevancy;
                    }
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
