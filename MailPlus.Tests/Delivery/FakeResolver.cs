using System.Net;
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

    public ValueTask<DnsAnswer<MailExchanger>> QueryMxAsync(DomainName domain, CancellationToken cancellationToken) =>
        new(Mx.GetValueOrDefault(domain.Ascii, new DnsAnswer<MailExchanger>(DnsStatus.NoSuchName, [])));

    public ValueTask<DnsAnswer<IPAddress>> QueryAddressesAsync(string host, CancellationToken cancellationToken) =>
        new(Addresses.GetValueOrDefault(host, new DnsAnswer<IPAddress>(DnsStatus.NoSuchName, [])));

    public ValueTask<DnsAnswer<string>> QueryTxtAsync(string name, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<DnsAnswer<string>> QueryPtrAsync(IPAddress address, CancellationToken cancellationToken) => throw new NotSupportedException();
}
