using System.Collections.Concurrent;
using MailPlus.Engine.Net.Connections;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Pop3.Server;

/// <summary>Serves POP3 on a connection, with or without TLS from the start.</summary>
public sealed class Pop3Handler(Pop3Door door) : IConnectionHandler
{
    private readonly MaildropLocks _locks = new(door.LockElsewhere);

    /// <inheritdoc/>
    public async Task ServeAsync(NetConnection connection, CancellationToken cancellationToken)
    {
        await using var session = new Pop3Session(connection, door, _locks);
        await session.RunAsync(cancellationToken);
    }
}

/// <summary>One POP3 session at a time has an account's maildrop (RFC 1939 4). The lock binds POP3 only: IMAP and webmail go on beside it.</summary>
internal sealed class MaildropLocks(Func<AccountId, CancellationToken, Task<IAsyncDisposable?>>? elsewhere)
{
    private readonly ConcurrentDictionary<AccountId, bool> _taken = new();

    /// <summary>Takes an account's lock; null when another session has it.</summary>
    public async ValueTask<IAsyncDisposable?> TryTakeAsync(AccountId account, CancellationToken cancellationToken)
    {
        if (!_taken.TryAdd(account, true))
        {
            return null;
        }

        IAsyncDisposable? far = null;
        try
        {
            far = elsewhere is null ? null : await elsewhere(account, cancellationToken);
        }
        finally
        {
            if (elsewhere is not null && far is null)
            {
                _taken.TryRemove(account, out _);
            }
        }

        return elsewhere is null || far is not null ? new Held(this, account, far) : null;
    }

    private sealed class Held(MaildropLocks locks, AccountId account, IAsyncDisposable? far) : IAsyncDisposable
    {
        private int _released;

        public async ValueTask DisposeAsync()
        {
            if (Interlocked.Exchange(ref _released, 1) == 0)
            {
                if (far is not null)
                {
                    await far.DisposeAsync();
                }

                locks._taken.TryRemove(account, out _);
            }
        }
    }
}
