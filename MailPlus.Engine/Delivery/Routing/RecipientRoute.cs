using MailPlus.Engine.Accounts;
using MailPlus.Engine.Filtering.Policy;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Settings.Sections;

namespace MailPlus.Engine.Delivery.Routing;

/// <summary>Where a recipient's mail goes.</summary>
internal enum RouteKind
{
    /// <summary>Into an account here.</summary>
    Local,

    /// <summary>To another server.</summary>
    Remote,

    /// <summary>Hosted domain, no such mailbox.</summary>
    Unknown,

    /// <summary>An account that takes no mail now.</summary>
    Deactivated,

    /// <summary>An alias: to be replaced by those it stands for.</summary>
    Alias,
}

/// <summary>Where a recipient's mail goes.</summary>
/// <param name="Kind">Kind.</param>
/// <param name="Account">The account, for Local.</param>
internal readonly record struct RecipientRoute(RouteKind Kind, AccountId Account = default)
{
    /// <summary>Set when the domain is another server's for which this one takes mail.</summary>
    public RelayDomain? Inbound { get; init; }
}

/// <summary>Decides where an address leads, from memory.</summary>
internal sealed class RecipientRouting(IAddressBook addresses, ISettingsSource settings)
{
    /// <summary>Where an address leads now.</summary>
    public RecipientRoute Find(EmailAddress address)
    {
        var found = addresses.Resolve(address);
        if (found.Kind == AddressKind.NotLocal && IsOwnPostmaster(address))
        {
            found = addresses.ResolvePostmaster(); // mail-rules 15; the host name need not be a hosted domain
        }

        return found.Kind switch
        {
            AddressKind.NotLocal => new RecipientRoute(RouteKind.Remote) { Inbound = SmtpPolicies.RelayDomainOf(settings.Current, address.Domain) },
            AddressKind.Account => new RecipientRoute(RouteKind.Local, found.Account),
            AddressKind.Alias => new RecipientRoute(RouteKind.Alias),
            AddressKind.Deactivated => new RecipientRoute(RouteKind.Deactivated, found.Account),
            _ => new RecipientRoute(RouteKind.Unknown),
        };
    }

    /// <summary>Where an address leads, for somebody who is refused for good when it leads nowhere: that is not said before other processes' changes were looked at.</summary>
    /// <param name="address">The recipient.</param>
    /// <param name="mayRelay">Whether an address elsewhere is no refusal.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="RefusedException">Temporary: the database is away.</exception>
    public async ValueTask<RecipientRoute> FindForAnswerAsync(EmailAddress address, bool mayRelay, CancellationToken cancellationToken)
    {
        var route = Find(address);
        if (route.Kind is RouteKind.Local or RouteKind.Alias || mayRelay && route.Kind == RouteKind.Remote)
        {
            return route;
        }

        await addresses.CatchUpAsync(cancellationToken);
        return Find(address);
    }

    /// <summary>Everybody an alias stands for, each once.</summary>
    public IReadOnlyList<EmailAddress> Expand(EmailAddress alias) => addresses.Expand(alias);

    /// <summary>The address that reports nobody else can be told of go to, null before set-up.</summary>
    public EmailAddress? Postmaster() =>
        addresses.ResolvePostmaster() is { Kind: AddressKind.Account } found ? addresses.Find(found.Account)?.PrimaryAddress : null;

    private bool IsOwnPostmaster(EmailAddress address) =>
        address.LocalPart.Equals("postmaster", StringComparison.OrdinalIgnoreCase) && address.Domain.Ascii.Equals(settings.Current.Smtp.Hostname, StringComparison.OrdinalIgnoreCase);
}
