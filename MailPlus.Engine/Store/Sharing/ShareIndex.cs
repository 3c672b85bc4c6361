using System.Collections.Immutable;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Store.Sharing;

/// <summary>The index of shares in the system database, held in memory for reading. Rows of accounts that are removed go with them.</summary>
public sealed class ShareIndex(SystemDatabase database) : IShareIndex, IDisposable
{
    private readonly SemaphoreSlim _writer = new(1, 1);
    private ImmutableHashSet<Share> _shares = [];
    private ImmutableArray<Action> _changed = [];

    /// <summary>Reads the index.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync(context => context.Shares.ToListAsync(cancellationToken), cancellationToken);
        Volatile.Write(ref _shares, [.. rows.Select(row => new Share(new AccountId(row.OwnerId), row.ReaderId is { } reader ? new AccountId(reader) : null))]);
        Announce();
    }

    /// <inheritdoc/>
    public IReadOnlyList<AccountId> OwnersFor(AccountId reader) =>
        [.. Volatile.Read(ref _shares).Where(share => share.Owner != reader && (share.Reader is null || share.Reader == reader)).Select(share => share.Owner).Distinct().OrderBy(owner => owner.Value)];

    /// <inheritdoc/>
    public IDisposable OnChange(Action changed)
    {
        ImmutableInterlocked.Update(ref _changed, list => list.Add(changed));
        return new Subscription(() => ImmutableInterlocked.Update(ref _changed, list => list.Remove(changed)));
    }

    /// <inheritdoc/>
    public Task AddAsync(AccountId owner, AccountId? reader, CancellationToken cancellationToken) =>
        ChangeAsync(owner, _ => ValueTask.FromResult(Noted(owner).Add(new Share(owner, reader))), cancellationToken);

    /// <inheritdoc/>
    public async Task SettleAsync(IAccountStore owner, CancellationToken cancellationToken)
    {
        var there = await SharedAsync(owner, cancellationToken);
        if (!there.SetEquals(Noted(owner.Account)))
        {
            // Looked at again in turn: two that settle must not leave what the slower one saw first.
            await ChangeAsync(owner.Account, token => SharedAsync(owner, token), cancellationToken);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _writer.Dispose();

    private static async ValueTask<ImmutableHashSet<Share>> SharedAsync(IAccountStore owner, CancellationToken cancellationToken) =>
        [.. (await owner.ListAsync(cancellationToken)).SelectMany(mailbox => mailbox.Acl).Select(entry => entry.Subject)
            .Where(subject => !subject.IsNegative && subject.Account != owner.Account).Select(subject => new Share(owner.Account, subject.Account))];

    private ImmutableHashSet<Share> Noted(AccountId owner) => [.. Volatile.Read(ref _shares).Where(share => share.Owner == owner)];

    private async Task ChangeAsync(AccountId owner, Func<CancellationToken, ValueTask<ImmutableHashSet<Share>>> wanted, CancellationToken cancellationToken)
    {
        await _writer.WaitAsync(cancellationToken);
        try
        {
            var (before, after) = (Noted(owner), await wanted(cancellationToken));
            if (before.SetEquals(after))
            {
                return;
            }

            await database.WriteAsync(
                async context =>
                {
                    // A reader who was removed meanwhile stays in the owner's lists; the index has nothing to point to.
                    var readers = after.Where(share => share.Reader is not null).Select(share => share.Reader!.Value.Value).ToList();
                    var existing = await context.Accounts.Where(row => row.Id == owner.Value || readers.Contains(row.Id)).Select(row => row.Id).ToListAsync(cancellationToken);
                    await context.Shares.Where(row => row.OwnerId == owner.Value).ExecuteDeleteAsync(cancellationToken);
                    context.Shares.AddRange(after.Where(share => existing.Contains(owner.Value) && (share.Reader is not { } reader || existing.Contains(reader.Value)))
                        .Select(share => new ShareRow { OwnerId = share.Owner.Value, ReaderId = share.Reader?.Value }));
                    context.AfterCommit(() =>
                    {
                        Volatile.Write(ref _shares, Volatile.Read(ref _shares).Except(before).Union(after));
                        Announce();
                    });
                    return true;
                },
                cancellationToken);
        }
        finally
        {
            _writer.Release();
        }
    }

    private void Announce()
    {
        foreach (var changed in _changed)
        {
            changed();
        }
    }

    private sealed class Subscription(Action end) : IDisposable
    {
        private Action? _end = end;

        public void Dispose() => Interlocked.Exchange(ref _end, null)?.Invoke();
    }

    private readonly record struct Share(AccountId Owner, AccountId? Reader);
}
