using System.Security.Cryptography.X509Certificates;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Accounts.Policies;
using MailPlus.Engine.Delivery.Remote;
using MailPlus.Engine.Delivery.Remote.Sts;
using MailPlus.Engine.Delivery.Routing;
using MailPlus.Engine.Domains.AutoBcc;
using MailPlus.Engine.Domains.Disclaimers;
using MailPlus.Engine.Domains.DkimKeys;
using MailPlus.Engine.Events;
using MailPlus.Engine.Filtering.Authenticate;
using MailPlus.Engine.Filtering.Policy;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Resolver;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Store.Contract;
using Microsoft.Extensions.Logging;

namespace MailPlus.Engine.Delivery;

/// <summary>What acceptance and queue stand on; given by the wiring.</summary>
public sealed record DeliverySurroundings
{
    /// <summary>Settings.</summary>
    public required ISettingsSource Settings { get; init; }

    /// <summary>Address to account.</summary>
    public required IAddressBook Addresses { get; init; }

    /// <summary>Mailboxes.</summary>
    public required IMailStore Store { get; init; }

    /// <summary>DNS.</summary>
    public required IDnsResolver Resolver { get; init; }

    /// <summary>Who is trusted and what strangers must keep to; null asks nothing of anybody and lets only who has signed in relay.</summary>
    public SmtpPolicies? Policies { get; init; }

    /// <summary>Asks who really sent a message; null asks nothing.</summary>
    public SenderInquiry? Inquiry { get; init; }

    /// <summary>Policies of MTA-STS; null asks nobody.</summary>
    internal StsPolicies? StsPolicies { get; init; }

    /// <summary>Counts how TLS went with other servers; null counts nothing.</summary>
    internal TlsLedger? TlsLedger { get; init; }

    /// <summary>What own mail is signed with; null signs nothing.</summary>
    internal DkimKeyring? DkimKeys { get; init; }

    /// <summary>Rules of blind copies; null copies nothing.</summary>
    internal BccBook? Copies { get; init; }

    /// <summary>Texts put below what people write; null puts none.</summary>
    internal DisclaimerBook? Disclaimers { get; init; }

    /// <summary>Rewrites senders of mail that is sent on; null sends it on as it came.</summary>
    internal SenderRewriting? Rewriting { get; init; }

    /// <summary>What users may send; null restricts nobody.</summary>
    internal PolicyBook? UserPolicies { get; init; }

    /// <summary>What chains of other servers are built by; null trusts the system's roots.</summary>
    internal X509ChainPolicy? Trust { get; init; }

    /// <summary>The MIME pass.</summary>
    public required Func<MessageContent, MessageSummary> Scan { get; init; }

    /// <summary>Where a message waits while it is brought into another form.</summary>
    public required SpoolFolder Spool { get; init; }

    /// <summary>Events in this process.</summary>
    public required EventStream Events { get; init; }

    /// <summary>Clock.</summary>
    public required TimeProvider Clock { get; init; }

    /// <summary>Logs.</summary>
    public required ILoggerFactory Logs { get; init; }
}
