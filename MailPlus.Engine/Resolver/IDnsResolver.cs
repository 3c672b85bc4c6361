using System.Net;
using System.Net.Sockets;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Resolver;

/// <summary>How a look-up ended. The difference decides between bounce, fallback and retry.</summary>
public enum DnsStatus
{
    /// <summary>There are records of the type.</summary>
    Found,

    /// <summary>The name exists, without records of the type (NODATA).</summary>
    NoData,

    /// <summary>The name does not exist (NXDOMAIN).</summary>
    NoSuchName,

    /// <summary>SERVFAIL, timeout, refused, malformed: asking later may help.</summary>
    TemporaryFailure,
}

/// <summary>An answer: the status, the records (empty unless Found) and a reason for logs when it failed.</summary>
/// <typeparam name="T">Record type.</typeparam>
public sealed record DnsAnswer<T>(DnsStatus Status, IReadOnlyList<T> Records)
{
    /// <summary>Why it failed, for logs and the Queue page; "" otherwise.</summary>
    public string Detail { get; init; } = "";

    /// <summary>True when there are records.</summary>
    public bool IsFound => Status == DnsStatus.Found;
}

/// <summary>A mail exchanger (RFC 5321 5.1). <see cref="Exchange"/> "." with preference 0 is the null MX of RFC 7505.</summary>
/// <param name="Preference">Lower first.</param>
/// <param name="Exchange">Host name in lower-case A-labels, without trailing dot; "." for the null MX.</param>
public sealed record MailExchanger(int Preference, string Exchange)
{
    /// <summary>Null MX: the domain takes no mail.</summary>
    public bool IsNull => Exchange == ".";
}

/// <summary>DNS, held back behind an interface: tests answer from a table. Answers are cached by their TTL, within bounds.</summary>
public interface IDnsResolver
{
    /// <summary>MX records by preference; of the same preference in random order.</summary>
    ValueTask<DnsAnswer<MailExchanger>> QueryMxAsync(DomainName domain, CancellationToken cancellationToken);

    /// <summary>MX records of any name DNS can hold, host name or not (SPF policies name such), by preference.</summary>
    ValueTask<DnsAnswer<MailExchanger>> QueryMxAsync(string name, CancellationToken cancellationToken);

    /// <summary>A and AAAA records of a host, IPv4 first. Found when either type has records; NoSuchName or NoData only when both say so.</summary>
    ValueTask<DnsAnswer<IPAddress>> QueryAddressesAsync(string host, CancellationToken cancellationToken);

    /// <summary>A records (InterNetwork) or AAAA records (InterNetworkV6) of a name, literally: no literals, no localhost.</summary>
    ValueTask<DnsAnswer<IPAddress>> QueryAddressesAsync(string name, AddressFamily family, CancellationToken cancellationToken);

    /// <summary>TXT records, the strings of each joined.</summary>
    ValueTask<DnsAnswer<string>> QueryTxtAsync(string name, CancellationToken cancellationToken);

    /// <summary>Names an address points back to, without trailing dot.</summary>
    ValueTask<DnsAnswer<string>> QueryPtrAsync(IPAddress address, CancellationToken cancellationToken);
}
