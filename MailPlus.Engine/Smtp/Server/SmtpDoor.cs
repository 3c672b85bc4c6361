using MailPlus.Engine.Accounts;
using MailPlus.Engine.Accounts.Sasl;
using MailPlus.Engine.Delivery;
using MailPlus.Engine.Events;
using MailPlus.Engine.Filtering.Policy;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Net.Transcript;
using MailPlus.Engine.Settings;

namespace MailPlus.Engine.Smtp.Server;

/// <summary>What a listener's SMTP is for.</summary>
public enum SmtpRole
{
    /// <summary>Port 25: mail from other servers; log-in is possible under TLS.</summary>
    Mx,

    /// <summary>Port 587: STARTTLS, then log-in, before anything else (PRO-011).</summary>
    Submission,

    /// <summary>Port 465: log-in under implicit TLS (PRO-007).</summary>
    Smtps,
}

/// <summary>Signs in a client whom a trusted proxy has authenticated.</summary>
/// <exception cref="Primitives.RefusedException">No such account, or it may not sign in.</exception>
public delegate ValueTask<Primitives.Actor> VouchedSignIn(string name, System.Net.IPAddress? client, CancellationToken cancellationToken);

/// <summary>What every SMTP session needs of the rest of the server.</summary>
public sealed record SmtpDoor
{
    /// <summary>Settings; a session keeps the snapshot it began with.</summary>
    public required ISettingsSource Settings { get; init; }

    /// <summary>What this run fixes: laboratory mode.</summary>
    public required RunOptions Run { get; init; }

    /// <summary>Judges recipients and takes messages.</summary>
    public required IAcceptance Acceptance { get; init; }

    /// <summary>Checks passwords.</summary>
    public required IAuthenticator Authenticator { get; init; }

    /// <summary>What AUTH offers; by default passwords only.</summary>
    public SaslMechanisms Sasl
    {
        get => field ??= new SaslMechanisms(Authenticator);
        init;
    }

    /// <summary>Takes a trusted proxy's word for who has signed in; null takes none.</summary>
    public VouchedSignIn? SignInVouched { get; init; }

    /// <summary>What strangers must keep to; null asks nothing of them.</summary>
    public SmtpPolicies? Policies { get; init; }

    /// <summary>Whom addresses stand for; null tells nobody.</summary>
    public IAddressBook? Addresses { get; init; }

    /// <summary>The queue, for ETRN; null starts nothing.</summary>
    public IQueueOperations? Queue { get; init; }

    /// <summary>Where refusals are told.</summary>
    public required EventStream Events { get; init; }

    /// <summary>Where messages wait while they come in.</summary>
    public required SpoolFolder Spool { get; init; }

    /// <summary>Time.</summary>
    public required TimeProvider Clock { get; init; }

    /// <summary>Protocol trace, null for none.</summary>
    public ProtocolTrace? Trace { get; init; }
}
