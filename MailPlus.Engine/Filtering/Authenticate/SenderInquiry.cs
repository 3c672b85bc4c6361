using System.Net;
using MailPlus.Engine.Events;
using MailPlus.Engine.Filtering.Pipeline;
using MailPlus.Engine.Filtering.Policy;
using MailPlus.Engine.MailAuth;

namespace MailPlus.Engine.Filtering.Authenticate;

/// <summary>Puts what the outside world says of a sender into the facts, before any stage judges. Only for strangers (mail-rules 19).</summary>
/// <param name="authenticator">Asks.</param>
/// <param name="policies">Knows trusted clients, which are not asked about either; null knows none.</param>
public sealed class SenderInquiry(MessageAuthenticator authenticator, SmtpPolicies? policies = null)
{
    /// <summary>The facts with <see cref="Facts.Authentication"/>; as they were for mail that is not asked about.</summary>
    public async ValueTask<Facts> AskAsync(Facts facts, CancellationToken cancellationToken)
    {
        var settings = facts.Settings.MailAuth;
        if (facts.Origin != MessageOrigin.Inbound || facts.Account is not null || facts.Client is not { } client || IsTrusted(client) || settings.ExemptNetworks.Any(network => Covers(network, client)))
        {
            return facts;
        }

        var request = new AuthenticationRequest(client, facts.Helo, facts.Envelope.ReversePath)
        {
            Content = facts.Content, Header = facts.Header, Receiver = facts.Settings.Smtp.Hostname,
        };
        return facts with { Authentication = await authenticator.CheckAsync(request, settings, cancellationToken) };
    }

    /// <summary>A trusted server, or one of the local network; whether loopback is asked about is for the setting alone.</summary>
    private bool IsTrusted(IPAddress client) => policies is not null && (policies.IsTrustedHost(client) || !IPAddress.IsLoopback(client) && policies.IsTrusted(client));

    private static bool Covers(string network, IPAddress client)
    {
        var plain = client.IsIPv4MappedToIPv6 ? client.MapToIPv4() : client;
        return IPAddress.TryParse(network, out var address) ? address.Equals(plain) : IPNetwork.TryParse(network, out var prefix) && prefix.Contains(plain);
    }
}
