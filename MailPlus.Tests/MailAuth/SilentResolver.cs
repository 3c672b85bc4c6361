using System.Net;
using System.Net.Sockets;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Resolver;

namespace MailPlus.Tests.MailAuth;

/// <summary>DNS that never answers.</summary>
public sealed class SilentResolver : IDnsResolver
{
    public ValueTask<DnsAnswer<MailExchanger>> QueryMxAsync(DomainName domain, CancellationToken cancellationToken) => NeverAsync<MailExchanger>(cancellationToken);

    public ValueTask<DnsAnswer<MailExchanger>> QueryMxAsync(string name, CancellationToken cancellationToken) => NeverAsync<MailExchanger>(cancellationToken);

    public ValueTask<DnsAnswer<IPAddress>> QueryAddressesAsync(string host, CancellationToken cancellationToken) => NeverAsync<IPAddress>(cancellationToken);

    public ValueTask<DnsAnswer<IPAddress>> QueryAddressesAsync(string name, AddressFamily family, CancellationToken cancellationToken) => NeverAsync<IPAddress>(cancellationToken);

    public ValueTask<DnsAnswer<string>> QueryTxtAsync(string name, CancellationToken cancellationToken) => NeverAsync<string>(cancellationToken);

    public ValueTask<DnsAnswer<string>> QueryPtrAsync(IPAddress address, CancellationToken cancellationToken) => NeverAsync<string>(cancellationToken);

    public ValueTask<DnsAnswer<TlsaRecord>> QueryTlsaAsync(string name, CancellationToken cancellationToken) => NeverAsync<TlsaRecord>(cancellationToken);

    public ValueTask<DnsAnswer<string>> QueryAliasAsync(string name, CancellationToken cancellationToken) => NeverAsync<string>(cancellationToken);

    public ValueTask<DnsAnswer<CaaRecord>> QueryCaaAsync(string name, CancellationToken cancellationToken) => NeverAsync<CaaRecord>(cancellationToken);

    public ValueTask<DnsAnswer<ServiceRecord>> QueryServiceAsync(string name, CancellationToken cancellationToken) => NeverAsync<ServiceRecord>(cancellationToken);

    private static async ValueTask<DnsAnswer<T>> NeverAsync<T>(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        return new DnsAnswer<T>(DnsStatus.TemporaryFailure, []);
    }
}
