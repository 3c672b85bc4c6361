using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>Takes the picture of an account on to what other processes have committed, at a cost that grows with the change where nothing was folded meanwhile.</summary>
internal static class AccountFollowing
{
    /// <summary>The next picture; snapshots that were loaded stay loaded.</summary>
    public static AccountImage Next(SqlSession session, AccountImage before, TimeProvider clock)
    {
        var after = AccountOpening.Read(session, clock);
        foreach (var was in before.Mailboxes.Values)
        {
            if (was.State is not { } state || !after.Mailboxes.TryGetValue(was.Row.Id.Value, out var now) || now.Row.UidValidity != was.Row.UidValidity)
            {
                continue;
            }

            var row = now.Row with { UrlKeyResets = was.Row.UrlKeyResets };
            now = now with { Row = row };
            var known = was.Row.HighestModSeq.Value;
            if (row.HighestModSeq.Value == known && row.UidNext == was.Row.UidNext)
            {
                now = now with { State = state.With(row), Fold = was.Fold };
            }
            else if (StateStorage.FoldedTo(session, row.Id) > known)
            {
                // The journal since is gone; positions go on from what this process has shown.
                now = StateStorage.Load(session, now);
                now = now with { State = now.State!.After(state) };
            }
            else
            {
                now = StateStorage.Follow(session, now, state, was.Fold!, (was.Row.UidNext.Value - 1, known));
            }

            after = after.With(Readers.Follow(was, now));
        }

        return after;
    }

    /// <summary>What to announce for the step from one picture to the next: hints to look, as all announcements are.</summary>
    public static IEnumerable<StoreChange> Differences(AccountId account, AccountImage before, AccountImage after)
    {
        foreach (var now in after.Mailboxes.Values)
        {
            if (!before.Mailboxes.TryGetValue(now.Row.Id.Value, out var was))
            {
                continue;
            }

            foreach (var reader in now.Readers.Values.Where(reader => reader.Highest != (was.Readers.GetValueOrDefault(reader.Account.Value)?.Highest ?? default)))
            {
                yield return new StoreChange(account, now.Row.Id, StoreChangeKind.Flags) { OnlyFor = reader.Account };
            }

            if (now.Row.HighestModSeq == was.Row.HighestModSeq)
            {
                continue;
            }

            var added = now.Row.UidNext.Value - was.Row.UidNext.Value;
            if (added > 0)
            {
                yield return new StoreChange(account, now.Row.Id, StoreChangeKind.Added);
            }

            if (now.Row.Messages < was.Row.Messages + added)
            {
                yield return new StoreChange(account, now.Row.Id, StoreChangeKind.Expunged);
            }

            yield return new StoreChange(account, now.Row.Id, StoreChangeKind.Flags);
        }

        if (!before.Subscriptions.SetEquals(after.Subscriptions) || !before.Names.SequenceEqual(after.Names)
            || after.Mailboxes.Values.Any(m => !before.Mailboxes.TryGetValue(m.Row.Id.Value, out var was) || !was.Row.Acl.SequenceEqual(m.Row.Acl)))
        {
            yield return new StoreChange(account, null, StoreChangeKind.Mailboxes);
        }
    }
}
