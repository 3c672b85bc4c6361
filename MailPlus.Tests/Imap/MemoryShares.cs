using System.Collections.Concurrent;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Sharing;

namespace MailPlus.Tests.Imap;

/// <summary>The index of shares without a database, for tests of protocols.</summary>
internal sealed class MemoryShares : IShareIndex
{
    private readonly ConcurrentDictionary<AccountId, IReadOnlyList<AccountId?>> _readers = new();
    private readonly ConcurrentDictionary<Action, bool> _changed = new();

    public IReadOnlyList<AccountId> OwnersFor(AccountId reader) =>
        [.. _readers.Where(r => r.Key != reader && (r.Value.Contains(null) || r.Value.Contains(reader))).Select(r => r.Key).OrderBy(o => o.Value)];

    public IDisposable OnChange(Action changed)
    {
        _changed[changed] = true;
        return new Subscription(() => _changed.TryRemove(changed, out _));
    }

    public Task AddAsync(AccountId owner, AccountId? reader, CancellationToken cancellationToken)
    {
        _readers.AddOrUpdate(owner, [reader], (_, readers) => [.. readers, reader]);
        Announce();
        return Task.CompletedTask;
    }

    public async Task SettleAsync(IAccountStore owner, CancellationToken cancellationToken)
    {
        _readers[owner.Account] = [.. (await owner.ListAsync(cancellationToken)).SelectMany(m => m.Acl).Where(e => !e.Subject.IsNegative).Select(e => e.Subject.Account).Distinct()];
        Announce();
    }

    private void Announce()
    {
        foreach (var changed in _changed.Keys)
        {
            changed();
        }
    }

    private sealed class Subscription(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
