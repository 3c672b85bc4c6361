using System.Collections.Concurrent;
using MailPlus.Engine.Net.Connections;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Pop3.Server;

/// <summary>Serves POP3 on a connection, with or without TLS from the start.</summary>
public sealed class Pop3Handler(Pop3Door door) : IConnectionHandler
{
    private readonly MaildropLocks _locks = new();

    /// <inheritdoc/>
    public async Task ServeAsync(NetConnection connection, CancellationToken cancellationToken)
    {
        await using var session = new Pop3Session(connection, door, _locks);
        await session.RunAsync(cancellationToken);
    }
}

/// <summary>One POP3 session at a time has an account's maildrop (RFC 1939 4). The lock binds POP3 only: IMAP and webmail go on beside it.</summary>
internal sealed class MaildropLocks
{
    private readonly ConcurrentDictionary<AccountId, bool> _taken = new();

    /// <summary>Takes an account's lock; null when another session has it.</summary>
    public IDisposable? TryTake(AccountId account) => _taken.TryAdd(account, true) ? new Held(this, account) : null;

    private sealed class Held(MaildropLocks locks, AccountId account) : IDisposable
    {
        private int _released;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _released, 1) == 0)
            {
                locks._taken.TryRemove(account, out _);
            }
        }
    }
}
