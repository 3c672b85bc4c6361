using MailPlus.Engine.Accounts;
using MailPlus.Engine.Accounts.Sasl;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Search;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Sharing;
using Microsoft.Extensions.Logging;

namespace MailPlus.Engine.Imap.Server;

/// <summary>What IMAP sessions work with.</summary>
/// <param name="Store">Mail.</param>
/// <param name="Authenticator">Password to actor.</param>
/// <param name="AddressBook">Accounts, for their quota.</param>
/// <param name="Settings">Present settings.</param>
/// <param name="Run">What this run fixes.</param>
public sealed record ImapDependencies(IMailStore Store, IAuthenticator Authenticator, IAddressBook AddressBook, ISettingsSource Settings, RunOptions Run)
{
    /// <summary>What AUTHENTICATE offers; by default passwords only.</summary>
    public SaslMechanisms Sasl { get; init; } = new(Authenticator);

    /// <summary>Sets quotas for SETQUOTA; without it QUOTASET is not offered.</summary>
    public IQuotaOperations? Quotas { get; init; }

    /// <summary>Who shares mailboxes with whom.</summary>
    public required IShareIndex Shares { get; init; }

    /// <summary>The MIME pass over appended messages.</summary>
    public MessageScanner Scanner { get; init; } = new();

    /// <summary>Time of APPEND without a date.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>The full-text index; without one every search reads.</summary>
    public SearchIndex? Index { get; init; }

    /// <summary>After how long without a word a searching command says how far it is (RFC 9585).</summary>
    public TimeSpan ProgressEvery { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Saves the server's remark (RFC 5464 3.2.1.1) as the actor; null where settings cannot be changed.</summary>
    public Func<Actor, string, CancellationToken, Task>? SetServerComment { get; init; }

    /// <summary>Most changes kept for a client that watches and does not read (RFC 5465 5.8).</summary>
    public int MaxPendingNotices { get; init; } = 1000;

    /// <summary>Most mailboxes one ESEARCH may search (RFC 7377 2.4).</summary>
    public int MaxSearchedMailboxes { get; init; } = 1000;

    /// <summary>Most results kept up to date for one session (RFC 5267 4.3).</summary>
    public int MaxUpdatedResults { get; init; } = 10;

    /// <summary>Most messages in one of them.</summary>
    public int MaxUpdatedMessages { get; init; } = 50_000;

    /// <summary>Most messages one ESEARCH may search.</summary>
    public long MaxSearchedMessages { get; init; } = 2_000_000;

    /// <summary>Log.</summary>
    public required ILogger Log { get; init; }
}
