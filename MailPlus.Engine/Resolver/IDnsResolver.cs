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

    /// <summary>A resolver that is trusted to validate found the whole answer, aliases and "no" included, signed and right (RFC 4035 3.2.3: AD).</summary>
    public bool IsSecure { get; init; }

    /// <summary>The name that the records are at when the one asked for is an alias (CNAME); "" when it is none.</summary>
    public string CanonicalName { get; init; } = "";
}

/// <summary>A mail exchanger (RFC 5321 5.1). <see cref="Exchange"/> "." with preference 0 is the null MX of RFC 7505.</summary>
/// <param name="Preference">Lower first.</param>
/// <param name="Exchange">Host name in lower-case A-labels, without trailing dot; "." for the null MX.</param>
public sealed record MailExchanger(int Preference, string Exchange)
{
    /// <summary>Null MX: the domain takes no mail.</summary>
    public bool IsNull => Exchange == ".";
}

/// <summary>A TLSA record (RFC 6698 2.1) as published: whether it is of any use is for DANE to judge.</summary>
/// <param name="Usage">Certificate usage.</param>
/// <param name="Selector">Whole certificate or public key.</param>
/// <param name="Matching">Octets themselves or which digest of them.</param>
/// <param name="Data">Certificate association data.</param>
public sealed record TlsaRecord(int Usage, int Selector, int Matching, ReadOnlyMemory<byte> Data);

/// <summary>A CAA record (RFC 8659 4.1).</summary>
/// <param name="Flags">128: critical.</param>
/// <param name="Tag">"issue", "issuewild", "iodef"…</param>
/// <param name="Value">Value.</param>
public sealed record CaaRecord(int Flags, string Tag, string Value);

/// <summary>An SRV record (RFC 2782).</summary>
/// <param name="Priority">Lower first.</param>
/// <param name="Weight">Share among equals.</param>
/// <param name="Port">Port.</param>
/// <param name="Target">Host in lower-case A-labels, without trailing dot; "." says that the service is not there.</param>
public sealed record ServiceRecord(int Priority, int Weight, int Port, string Target);

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

    /// <summary>TLSA records of a name such as _25._tcp.mx.example.com.</summary>
    ValueTask<DnsAnswer<TlsaRecord>> QueryTlsaAsync(string name, CancellationToken cancellationToken);

    /// <summary>The alias (CNAME) at a name itself: its target, not followed.</summary>
    ValueTask<DnsAnswer<string>> QueryAliasAsync(string name, CancellationToken cancellationToken);

    /// <summary>CAA records at a name itself: climbing is for who asks (RFC 8659 3).</summary>
    ValueTask<DnsAnswer<CaaRecord>> QueryCaaAsync(string name, CancellationToken cancellationToken);

    /// <summary>SRV records of a name such as _imaps._tcp.example.com.</summary>
    ValueTask<DnsAnswer<ServiceRecord>> QueryServiceAsync(string name, CancellationToken cancellationToken);

    /// <summary>Names an address points back to, without trailing dot.</summary>
    ValueTask<DnsAnswer<string>> QueryPtrAsync(IPAddress address, CancellationToken cancellationToken);
}
