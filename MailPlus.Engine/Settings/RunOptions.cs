using System.Net;

namespace MailPlus.Engine.Settings;

/// <summary>
/// What the command line fixes for one run and no setting may change (design 7): data folder, listener overrides, laboratory mode.
/// </summary>
public sealed record RunOptions
{
    /// <summary>The data folder, absolute.</summary>
    public required string DataFolder { get; init; }

    /// <summary>Address of the PostgreSQL database that replaces the files of the data folder, null for files.</summary>
    public string? Database { get; init; }

    /// <summary>Overrides by listener name (<c>smtp submission smtps imap imaps pop3 pop3s sieve web web-tls</c>); a null value is <c>off</c>; a name that is absent follows the settings.</summary>
    public IReadOnlyDictionary<string, IPEndPoint?> Listeners { get; init; } = new Dictionary<string, IPEndPoint?>();

    /// <summary>Where to write the bound ports as JSON, null for nowhere.</summary>
    public string? PortsFile { get; init; }

    /// <summary>--loopback-lab: on connections from loopback allow log-in without TLS and lift log-in and rate throttles, password rules and the licence limit.</summary>
    public bool LoopbackLab { get; init; }

    /// <summary>Public key licences are verified by, in base64, instead of the one built in; for tests, no option sets it.</summary>
    internal string? LicenceIssuer { get; init; }

    /// <summary>Whether the laboratory relaxations hold for a peer.</summary>
    public bool IsLab(IPAddress? peer) => LoopbackLab && peer is not null && IPAddress.IsLoopback(peer.IsIPv4MappedToIPv6 ? peer.MapToIPv4() : peer);
}
