using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Delivery.Routing;

/// <summary>
/// Puts in the place of aliases those they stand for, when a message is accepted: each of them is then tried and reported about by itself. Who was named
/// himself or stands in two aliases gets one copy. DSN parameters pass on to everybody (RFC 3461 5.2.7.1).
/// </summary>
internal sealed class AliasRecipients(RecipientRouting routing)
{
    /// <summary>The recipients without aliases; the same list when there are none.</summary>
    public IReadOnlyList<Recipient> Replace(IReadOnlyList<Recipient> recipients)
    {
        var routes = recipients.Select(recipient => routing.Find(recipient.Address)).ToList();
        if (routes.TrueForAll(route => route.Kind != RouteKind.Alias))
        {
            return recipients;
        }

        var result = recipients.Where((_, at) => routes[at].Kind != RouteKind.Alias).ToList();
        var served = result.Select(recipient => PlaceOf(recipient.Address)).ToHashSet(StringComparer.Ordinal);
        foreach (var (alias, _) in recipients.Zip(routes).Where(pair => pair.Second.Kind == RouteKind.Alias))
        {
            result.AddRange(routing.Expand(alias.Address).Where(address => served.Add(PlaceOf(address))).Select(address => Member(alias, address)));
        }

        return result;
    }

    /// <summary>A member; reports name the alias, not who is in it (RFC 3461 5.2.7.1).</summary>
    private static Recipient Member(Recipient alias, EmailAddress address) => alias with
    {
        Address = address,
        Role = alias.Role == RecipientRole.Copy ? RecipientRole.Copy : RecipientRole.Forwarded,
        OriginalRecipient = alias.OriginalRecipient ?? (alias.Address.NeedsSmtpUtf8 ? null : $"rfc822;{alias.Address}"),
    };

    /// <summary>Where a copy ends: two addresses of an account are one place.</summary>
    internal string PlaceOf(EmailAddress address) => routing.Find(address) is { Kind: RouteKind.Local } local ? local.Account.ToString() : address.Key;
}
