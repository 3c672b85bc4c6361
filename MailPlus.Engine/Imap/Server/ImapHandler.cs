using System.Collections.Concurrent;
using MailPlus.Engine.Imap.Commands;
using MailPlus.Engine.Net.Connections;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Imap.Server;

/// <summary>Serves IMAP on a connection, with or without TLS from the start.</summary>
public sealed class ImapHandler(ImapDependencies dependencies) : IConnectionHandler
{
    private readonly CommandTable _commands = new();
    private readonly SessionCounter _sessions = new();

    /// <inheritdoc/>
    public async Task ServeAsync(NetConnection connection, CancellationToken cancellationToken)
    {
        await using var session = new ImapSession(connection, dependencies, _commands, _sessions);
        await session.RunAsync(cancellationToken);
    }
}

/// <summary>Counts the sessions of each account.</summary>
internal sealed class SessionCounter
{
    private readonly ConcurrentDictionary<AccountId, int> _counts = new();

    /// <summary>Takes a place; false when all are taken.</summary>
    public bool TryEnter(AccountId account, int maximum)
    {
        if (_counts.AddOrUpdate(account, 1, static (_, count) => count + 1) <= maximum)
        {
            return true;
        }

        Leave(account);
        return false;
    }

    public void Leave(AccountId account)
    {
        if (_counts.AddOrUpdate(account, 0, static (_, count) => count - 1) <= 0)
        {
            _counts.TryRemove(new KeyValuePair<AccountId, int>(account, 0));
        }
    }
}
