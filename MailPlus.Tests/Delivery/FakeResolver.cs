using System.Net;
using System.Net.Sockets;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Resolver;

namespace MailPlus.Tests.Delivery;

/// <summary>DNS from a table; names that are not in it do not exist.</summary>
public sealed class FakeResolver : IDnsResolver
{
    public Dictionary<string, DnsAnswer<MailExchanger>> Mx { get; } = [];

    public Dictionary<string, DnsAnswer<IPAddress>> Addresses { get; } = [];

    public FakeResolver With(string domain, params (int Preference, string Host)[] exchangers)
    {
        Mx[domain] = new DnsAnswer<MailExchanger>(DnsStatus.Found, [.. exchangers.Select(e => new MailExchanger(e.Preference, e.Host))]);
        foreach (var (_, host) in exchangers.Where(e => e.Host != "."))
        {
            Addresses[host] = new DnsAnswer<IPAddress>(DnsStatus.Found, [IPAddress.Loopback]);
        }

        return this;
    }

    public Dictionary<string, DnsAnswer<string>> Texts { get; } = [];

    public Dictionary<string, DnsAnswer<TlsaRecord>> Tlsa { get; } = [];

    public Dictionary<string, DnsAnswer<string>> Aliases { get; } = [];

    public Dictionary<IPAddress, DnsAnswer<string>> Pointers { get; } = [];

    /// <summary>Names that were asked for, each type of record.</summary>
    public int Questions { get; private set; }

    /// <summary>As <see cref="With"/>, in a signed zone; names of it that have no TLSA record are securely denied.</summary>
    public FakeResolver WithSigned(string domain, params (int Preference, string Host)[] exchangers)
    {
        With(domain, exchangers);
        Mx[domain] = Mx[domain] with { IsSecure = true };
        foreach (var (_, host) in exchangers)
        {
            Addresses[host] = Addresses[host] with { IsSecure = true };
        }

        return this;
    }

    public FakeResolver WithTlsa(string name, params TlsaRecord[] records)
    {
        Tlsa[name] = new DnsAnswer<TlsaRecord>(DnsStatus.Found, records) { IsSecure = true };
        return this;
    }

    public FakeResolver WithText(string name, params string[] texts)
    {
        Texts[name] = new DnsAnswer<string>(DnsStatus.Found, texts);
        return this;
    }

    public ValueTask<DnsAnswer<MailExchanger>> QueryMxAsync(DomainName domain, CancellationToken cancellationToken) => QueryMxAsync(domain.Ascii, cancellationToken);

    public ValueTask<DnsAnswer<MailExchanger>> QueryMxAsync(string name, CancellationToken cancellationToken)
    {
        Questions++;
        return new(Mx.GetValueOrDefault(name, new DnsAnswer<MailExchanger>(DnsStatus.NoSuchName, [])));
    }

    public ValueTask<DnsAnswer<IPAddress>> QueryAddressesAsync(string name, AddressFamily family, CancellationToken cancellationToken)
    {
        Questions++;
        var all = Addresses.GetValueOrDefault(name, new DnsAnswer<IPAddress>(DnsStatus.NoSuchName, []));
        var records = all.Records.Where(address => address.AddressFamily == family).ToList();
        return new(all.IsFound ? new DnsAnswer<IPAddress>(records.Count > 0 ? DnsStatus.Found : DnsStatus.NoData, records) : all);
    }

    public ValueTask<DnsAnswer<IPAddress>> QueryAddressesAsync(string host, CancellationToken cancellationToken) =>
        new(Addresses.GetValueOrDefault(host, new DnsAnswer<IPAddress>(DnsStatus.NoSuchName, [])));

    public ValueTask<DnsAnswer<string>> QueryTxtAsync(string name, CancellationToken cancellationToken)
    {
        Questions++;
        return new(Texts.GetValueOrDefault(name.ToLowerInvariant(), new DnsAnswer<string>(DnsStatus.NoSuchName, [])));
    }

    public ValueTask<DnsAnswer<string>> QueryPtrAsync(IPAddress address, CancellationToken cancellationToken)
    {
        Questions++;
        return new(Pointers.GetValueOrDefault(address, new DnsAnswer<string>(DnsStatus.NoSuchName, [])));
    }

    public ValueTask<DnsAnswer<TlsaRecord>> QueryTlsaAsync(string name, CancellationToken cancellationToken)
    {
        Questions++;
        return new(Tlsa.GetValueOrDefault(name, new DnsAnswer<TlsaRecord>(DnsStatus.NoSuchName, []) { IsSecure = true }));
    }

    public ValueTask<DnsAnswer<string>> QueryAliasAsync(string name, CancellationToken cancellationToken)
    {
        Questions++;
        return new(Aliases.GetValueOrDefault(name, new DnsAnswer<string>(DnsStatus.NoData, [])));
    }

    public ValueTask<DnsAnswer<CaaRecord>> QueryCaaAsync(string name, CancellationToken cancellationToken) => new(new DnsAnswer<CaaRecord>(DnsStatus.NoData, []));

    public ValueTask<DnsAnswer<ServiceRecord>> QueryServiceAsync(string name, CancellationToken cancellationToken) => new(new DnsAnswer<ServiceRecord>(DnsStatus.NoData, []));
}
