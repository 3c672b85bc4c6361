using MailPlus.Engine.Monitoring;

namespace MailPlus.Web.ClientSetup;

/// <summary>What a mail program fetches or sends with.</summary>
internal enum ClientProtocol
{
    Imap,
    Pop3,
    Smtp,
}

/// <summary>One way a mail program may connect to: always under TLS, for a password must not cross the network in the clear (mail-rules 20).</summary>
/// <param name="Protocol">What is spoken.</param>
/// <param name="Port">Where it listens in truth.</param>
/// <param name="TlsFirst">TLS from the first octet; otherwise STARTTLS.</param>
internal sealed record ClientServer(ClientProtocol Protocol, int Port, bool TlsFirst);

/// <summary>Everything a mail program needs to know of this server.</summary>
/// <param name="Hostname">The host name the certificate names.</param>
/// <param name="Servers">The ways in order of preference: IMAP before POP3, TLS from the first octet before STARTTLS (RFC 8314 3.3).</param>
internal sealed record ClientOffer(string Hostname, IReadOnlyList<ClientServer> Servers)
{
    private static readonly (string Listener, ClientProtocol Protocol, bool TlsFirst)[] Known =
    [
        ("imaps", ClientProtocol.Imap, true), ("imap", ClientProtocol.Imap, false),
        ("pop3s", ClientProtocol.Pop3, true), ("pop3", ClientProtocol.Pop3, false),
        ("smtps", ClientProtocol.Smtp, true), ("submission", ClientProtocol.Smtp, false),
    ];

    /// <summary>Port of the web part under TLS, null when it is off.</summary>
    public int? WebPort { get; init; }

    /// <summary>Mail can be fetched and sent.</summary>
    public bool IsUsable => Incoming.Any() && Outgoing is not null;

    /// <summary>The ways to fetch.</summary>
    public IEnumerable<ClientServer> Incoming => Servers.Where(server => server.Protocol != ClientProtocol.Smtp);

    /// <summary>The best way to send.</summary>
    public ClientServer? Outgoing => Best(ClientProtocol.Smtp);

    /// <summary>The best way of a protocol, null when it is off.</summary>
    public ClientServer? Best(ClientProtocol protocol) => Servers.FirstOrDefault(server => server.Protocol == protocol);

    /// <summary>What runs now: a protocol that is off, or whose port could not be bound, is not offered (SET-B10).</summary>
    public static ClientOffer Of(string hostname, IReadOnlyList<ServiceState> services)
    {
        var ports = services.Where(service => service is { Condition: ServiceCondition.Running, Port: not null })
            .GroupBy(service => service.Name).ToDictionary(group => group.Key, group => group.First().Port!.Value, StringComparer.Ordinal);
        return new ClientOffer(hostname, [.. Known.Where(known => ports.ContainsKey(known.Listener)).Select(known => new ClientServer(known.Protocol, ports[known.Listener], known.TlsFirst))])
        {
            WebPort = ports.TryGetValue("web-tls", out var web) ? web : null,
        };
    }
}
