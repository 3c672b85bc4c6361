using System.Collections.Concurrent;
using System.Collections.Immutable;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Store;

/// <summary>Something that was committed to an account. It is a hint to look at the snapshot, not the change itself.</summary>
/// <param name="Account">Whose mail.</param>
/// <param name="Mailbox">The mailbox that changed; null when the list of mailboxes did.</param>
/// <param name="Kind">What happened.</param>
public readonly record struct StoreChange(AccountId Account, MailboxId? Mailbox, StoreChangeKind Kind)
{
    /// <summary>The annotation that changed, null for other changes.</summary>
    public string? Entry { get; init; }

    /// <summary>Whom the annotation, or a change of a reader's own flags, concerns; null for everybody.</summary>
    public AccountId? OnlyFor { get; init; }
}

/// <summary>What kind of change was committed.</summary>
public enum StoreChangeKind
{
    /// <summary>Messages came in.</summary>
    Added,

    /// <summary>Flags or keywords changed.</summary>
    Flags,

    /// <summary>Messages went.</summary>
    Expunged,

    /// <summary>A mailbox was made, renamed, removed or (un)subscribed.</summary>
    Mailboxes,

    /// <summary>An annotation was set or removed; without a mailbox it is one of the account.</summary>
    Annotations,
}

/// <summary>
/// Announces commits of the store to whoever shows them: IDLE sessions, webmail, the indexer. The only way later stages learn of anything (design 1).
/// Publishing walks a small immutable list and calls each subscriber; a subscriber only signals its own loop.
/// </summary>
public sealed class ChangeFeed
{
    private readonly ConcurrentDictionary<AccountId, ImmutableArray<Action<StoreChange>>> _byAccount = new();
    private ImmutableArray<Action<StoreChange>> _all = [];

    /// <summary>Hears of one account's changes until disposed. Called on the committing thread: return at once, never throw.</summary>
    public IDisposable Subscribe(AccountId account, Action<StoreChange> onChange)
    {
        _byAccount.AddOrUpdate(account, [onChange], (_, list) => list.Add(onChange));
        return new Subscription(() =>
        {
            while (_byAccount.TryGetValue(account, out var list))
            {
                var rest = list.Remove(onChange);
                if (rest.IsEmpty ? _byAccount.TryRemove(new(account, list)) : _byAccount.TryUpdate(account, rest, list))
                {
                    break;
                }
            }
        });
    }

    /// <summary>Hears of all accounts' changes until disposed.</summary>
    public IDisposable SubscribeAll(Action<StoreChange> onChange)
    {
        ImmutableInterlocked.Update(ref _all, list => list.Add(onChange));
        return new Subscription(() => ImmutableInterlocked.Update(ref _all, list => list.Remove(onChange)));
    }

    /// <summary>Whether anybody hears of an account.</summary>
    public bool IsHeard(AccountId account) => !_all.IsEmpty || _byAccount.ContainsKey(account);

    /// <summary>Announces a commit. Called by the store, after commit, in order per account.</summary>
    public void Publish(StoreChange change)
    {
        foreach (var subscriber in _all)
        {
            subscriber(change);
        }

        if (_byAccount.TryGetValue(change.Account, out var list))
        {
            foreach (var subscriber in list)
            {
                subscriber(change);
            }
        }
    }

    private sealed class Subscription(Action end) : IDisposable
    {
        private Action? _end = end;

        public void Dispose() => Interlocked.Exchange(ref _end, null)?.Invoke();
    }
}
