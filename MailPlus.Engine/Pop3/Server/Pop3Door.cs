using MailPlus.Engine.Accounts;
using MailPlus.Engine.Accounts.Sasl;
using MailPlus.Engine.Net.Transcript;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Store.Contract;
using Microsoft.Extensions.Logging;

namespace MailPlus.Engine.Pop3.Server;

/// <summary>What POP3 sessions work with.</summary>
public sealed record Pop3Door
{
    /// <summary>Mail.</summary>
    public required IMailStore Store { get; init; }

    /// <summary>Checks USER and PASS.</summary>
    public required IAuthenticator Authenticator { get; init; }

    /// <summary>What AUTH offers.</summary>
    public required SaslMechanisms Sasl { get; init; }

    /// <summary>Settings; a session keeps the snapshot it began with.</summary>
    public required ISettingsSource Settings { get; init; }

    /// <summary>What this run fixes: laboratory mode.</summary>
    public required RunOptions Run { get; init; }

    /// <summary>Takes an account's maildrop among all processes that serve it, null when another has it; not set where there is one process.</summary>
    public Func<AccountId, CancellationToken, Task<IAsyncDisposable?>>? LockElsewhere { get; init; }

    /// <summary>Log.</summary>
    public required ILogger Log { get; init; }

    /// <summary>Time.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Protocol trace, null for none.</summary>
    public ProtocolTrace? Trace { get; init; }
}
