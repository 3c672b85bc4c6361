using System.Net;
using System.Net.Sockets;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Resolver;
using MailPlus.Tests.Support;

namespace MailPlus.Tests.MailAuth;

/// <summary>DNS as the SPF suite describes it: records by name, TIMEOUT, and records of type SPF served as TXT unless TXT says NONE.</summary>
public sealed class ZoneFromSuite : IDnsResolver
{
    private readonly Dictionary<string, List<(string Type, object Value)>> _names = new(StringComparer.OrdinalIgnoreCase);

    public ZoneFromSuite(object zone)
    {
        foreach (var (name, records) in (Dictionary<string, object>)zone)
        {
            var read = new List<(string Type, object Value)>();
            foreach (var record in SuiteYaml.List(records))
            {
                read.AddRange(record is Dictionary<string, object> map ? map.Select(pair => (pair.Key, pair.Value)) : [((string)record, "")]);
            }

            if (!read.Any(r => r.Type == "TXT"))
            {
                read.AddRange(read.Where(r => r.Type == "SPF").Select(r => ("TXT", r.Value)).ToList());
            }

            _names[name.TrimEnd('.')] = read;
        }
    }

    public int Questions { get; private set; }

    public ValueTask<DnsAnswer<MailExchanger>> QueryMxAsync(DomainName domain, CancellationToken cancellationToken) => QueryMxAsync(domain.Ascii, cancellationToken);

    public ValueTask<DnsAnswer<MailExchanger>> QueryMxAsync(string name, CancellationToken cancellationToken) => new(Find(name, "MX", value =>
    {
        var parts = (List<object>)value;
        return new MailExchanger(int.Parse((string)parts[0], System.Globalization.CultureInfo.InvariantCulture), (string)parts[1]);
    }));

    public ValueTask<DnsAnswer<IPAddress>> QueryAddressesAsync(string name, AddressFamily family, CancellationToken cancellationToken) =>
        new(Find(name, family == AddressFamily.InterNetwork ? "A" : "AAAA", value => IPAddress.Parse((string)value)));

    public ValueTask<DnsAnswer<IPAddress>> QueryAddressesAsync(string host, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<DnsAnswer<string>> QueryTxtAsync(string name, CancellationToken cancellationToken) =>
        new(Find(name, "TXT", value => string.Concat(SuiteYaml.List(value).Cast<string>())));

    public ValueTask<DnsAnswer<string>> QueryPtrAsync(IPAddress address, CancellationToken cancellationToken)
    {
        var octets = address.GetAddressBytes();
        var name = address.AddressFamily == AddressFamily.InterNetwork
            ? string.Join('.', octets.Reverse()) + ".in-addr.arpa"
            : string.Join('.', Convert.ToHexStringLower(octets).Reverse()) + ".ip6.arpa";
        return new(Find(name, "PTR", value => (string)value));
    }

    public ValueTask<DnsAnswer<TlsaRecord>> QueryTlsaAsync(string name, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<DnsAnswer<string>> QueryAliasAsync(string name, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<DnsAnswer<CaaRecord>> QueryCaaAsync(string name, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<DnsAnswer<ServiceRecord>> QueryServiceAsync(string name, CancellationToken cancellationToken) => throw new NotSupportedException();

    private DnsAnswer<T> Find<T>(string name, string type, Func<object, T> read)
    {
        Questions++;
        if (!_names.TryGetValue(name.TrimEnd('.'), out var records))
        {
            return new DnsAnswer<T>(DnsStatus.NoSuchName, []);
        }

        if (records.FirstOrDefault(r => r.Type == "CNAME").Value is string alias)
        {
            return Find(alias, type, read); // as a resolver does
        }

        var found = records.Where(r => r.Type == type && r.Value is not "NONE").Select(r => read(r.Value)).ToList();
        return found.Count > 0 ? new DnsAnswer<T>(DnsStatus.Found, found)
            : records.Any(r => r.Type == "TIMEOUT") ? new DnsAnswer<T>(DnsStatus.TemporaryFailure, []) { Detail = "TIMEOUT" }
            : new DnsAnswer<T>(DnsStatus.NoData, []);
    }
}
