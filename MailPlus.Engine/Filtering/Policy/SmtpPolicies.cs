using System.Net;
using MailPlus.Engine.Net.Connections;
using MailPlus.Engine.Net.Local;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Resolver;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Settings.Sections;

namespace MailPlus.Engine.Filtering.Policy;

/// <summary>One recipient at the door, and all that is known of who brings the mail.</summary>
/// <param name="Client">The peer, null for mail that comes from no connection.</param>
/// <param name="Helo">What it called itself.</param>
/// <param name="Sender">The sender of the envelope.</param>
/// <param name="Recipient">The recipient.</param>
/// <param name="IsSignedIn">It has signed in, or is part of this server.</param>
public readonly record struct DoorQuestion(IPAddress? Client, string Helo, EmailAddress? Sender, EmailAddress Recipient, bool IsSignedIn);

/// <summary>
/// Who is trusted, who may relay, and what strangers must keep to on port 25. Only here is decided that somebody is not asked (mail-rules 14, 17 to 19); a white list
/// skips checks and never lets anybody relay.
/// </summary>
public sealed class SmtpPolicies
{
    private readonly ISettingsSource _settings;
    private readonly LocalNetworks _local;
    private readonly Predicate<DomainName> _isHosted;
    private readonly ConnectionRates _rates;
    private readonly StrangerChecks _checks;
    private AccessLists? _lists;

    /// <param name="settings">Settings.</param>
    /// <param name="local">The local networks.</param>
    /// <param name="resolver">DNS.</param>
    /// <param name="isHosted">Whether a domain is hosted here.</param>
    /// <param name="clock">Clock of the rates.</param>
    public SmtpPolicies(ISettingsSource settings, LocalNetworks local, IDnsResolver resolver, Predicate<DomainName> isHosted, TimeProvider clock)
    {
        _settings = settings;
        _local = local;
        _isHosted = isHosted;
        _rates = new ConnectionRates(clock);
        _checks = new StrangerChecks(resolver, domain => isHosted(domain) || RelayDomainOf(domain) is not null);
    }

    /// <summary>The lists in force.</summary>
    public AccessLists Lists
    {
        get
        {
            var access = _settings.Current.Access;
            if (Volatile.Read(ref _lists) is { } made && ReferenceEquals(made.Settings, access))
            {
                return made;
            }

            var lists = new AccessLists(access);
            Volatile.Write(ref _lists, lists);
            return lists;
        }
    }

    /// <summary>Whether a server is in the trusted list (DEL-151).</summary>
    public bool IsTrustedHost(IPAddress client) => _settings.Current.RelayControl.TrustedList is { Count: > 0 } list && AddressRanges.IsListed(client, [.. list.Select(host => host.Network)]);

    /// <summary>Whether a client is not checked as a stranger: a trusted server or one of the local network.</summary>
    public bool IsTrusted(IPAddress client) => IsTrustedHost(client) || _local.Contains(client);

    /// <summary>Whether a client that has not signed in may send to other servers: only a trusted server, and the local network where that is ticked.</summary>
    public bool MayRelay(IPAddress? client) => client is not null && (IsTrustedHost(client) || _settings.Current.Smtp.LocalNetworkMayRelay && _local.Contains(client));

    /// <summary>Whether a client is let under addresses of this server unasked: the local network where it may relay (DEL-049), trusted servers where that is ticked (DEL-048).</summary>
    public bool MayUseAnySender(IPAddress client)
    {
        var smtp = _settings.Current.Smtp;
        return !smtp.CheckSender || smtp.LocalNetworkMayRelay && _local.Contains(client) || smtp.TrustedSkipSenderCheck && IsTrustedHost(client);
    }

    /// <summary>The inbound relay domain of a name, null when there is none.</summary>
    public RelayDomain? RelayDomainOf(DomainName domain) => RelayDomainOf(_settings.Current, domain);

    /// <inheritdoc cref="RelayDomainOf(DomainName)"/>
    public static RelayDomain? RelayDomainOf(SettingsSnapshot settings, DomainName domain) =>
        settings.RelayControl.InboundDomains is { Count: > 0 } list ? list.FirstOrDefault(one => DomainName.TryParse(one.Domain, out var name) && name == domain) : null;

    /// <summary>Counts a connection of a client in, or says why not.</summary>
    public Refusal? Enter(IPAddress client) => IsUncounted(client) ? null : _rates.Enter(client, _settings.Current.SmtpPolicy);

    /// <summary>Counts a connection that was let in out.</summary>
    public void Leave(IPAddress client) => _rates.Leave(client);

    /// <summary>Counts a message that a client begins, or says why not.</summary>
    public Refusal? Begin(IPAddress client) => IsUncounted(client) ? null : _rates.Begin(client, _settings.Current.SmtpPolicy);

    /// <summary>Counts a recipient that does not exist against a client.</summary>
    public void Unknown(IPAddress? client)
    {
        if (client is not null && !IsUncounted(client))
        {
            _rates.Unknown(client);
        }
    }

    /// <summary>Why a client is put off for today, null when it is not.</summary>
    public Refusal? Blocked(IPAddress? client) => client is null || IsUncounted(client) ? null : _rates.Blocked(client, _settings.Current.SmtpPolicy);

    /// <summary>Whether what a client does between the lines is checked.</summary>
    public bool IsStranger(IPAddress client) => !IsUncounted(client);

    /// <summary>What stands against a recipient's copy, null when nothing does. A hit in the black list that discards is no objection here: see <see cref="Discarding"/>.</summary>
    public async ValueTask<Refusal?> ObjectionAsync(DoorQuestion question, CancellationToken cancellationToken)
    {
        var lists = Lists;
        var asked = Ask(question);
        if (lists.Blocked(asked) is { Action: AccessAction.Reject } rule)
        {
            return new Refusal(RefusalKind.NotAllowed, "BlackListed") { EnhancedStatus = "5.7.1", Detail = $"rule {rule.Name}" };
        }

        // mail-rules 15: the postmaster can be reached by whoever gets this far.
        return asked.IsTrusted || question.Client is null || question.Recipient.LocalPart.Equals("postmaster", StringComparison.OrdinalIgnoreCase) || lists.Skipped(asked).HasFlag(SkippedTests.Restrictions)
            ? null
            : await _checks.CheckAsync(question.Client, question.Helo, question.Sender, _settings.Current.SmtpPolicy, cancellationToken);
    }

    /// <summary>The rule of the black list by which a recipient's copy is thrown away, null when it is kept.</summary>
    public AccessRule? Discarding(DoorQuestion question) => Lists.Blocked(Ask(question)) is { Action: AccessAction.Discard } rule ? rule : null;

    private bool IsUncounted(IPAddress client) => IsTrusted(client) || Lists.IsWhiteClient(client);

    private AccessQuestion Ask(DoorQuestion question) => new(question.Client, question.Sender, question.Recipient)
    {
        IsTrusted = question.IsSignedIn || question.Client is { } client && IsTrusted(client),
        IsOwnSender = question.Sender is { } sender && _isHosted(sender.Domain),
    };
}
