using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using MailPlus.Engine.Resolver;
using MailPlus.Engine.Smtp.Client;

namespace MailPlus.Engine.Delivery.Remote.Sts;

/// <summary>A fetched policy, or what was wrong.</summary>
/// <param name="Policy">Null when it could not be had.</param>
/// <param name="Fault">What was wrong.</param>
/// <param name="Reason">For people.</param>
internal sealed record StsFetched(StsPolicy? Policy, TlsFault Fault, string Reason)
{
    /// <summary>The document as it came.</summary>
    public byte[] Document { get; init; } = [];
}

/// <summary>
/// Fetches policies from policy hosts (RFC 8461 3.3): over HTTPS with a certificate that verifies, addresses from our own resolver, no redirects, no proxy, 64 KB
/// and a minute at most.
/// </summary>
internal sealed class StsFetch : IDisposable
{
    private const int LargestPolicy = 64 * 1024;
    private const int HttpsPort = 443;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(20);

    private readonly HttpClient _http;

    /// <param name="resolver">DNS.</param>
    /// <param name="trust">What chains are built by; null trusts the system's roots.</param>
    /// <param name="port">Port of policy hosts; another one than 443 is only for tests.</param>
    public StsFetch(IDnsResolver resolver, X509ChainPolicy? trust = null, int port = HttpsPort)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            PooledConnectionLifetime = TimeSpan.Zero, // a policy host is asked once a day
            ConnectTimeout = ConnectPatience,
            MaxResponseHeadersLength = 16,
            ConnectCallback = async (context, token) => await ConnectAsync(resolver, context.DnsEndPoint.Host, port, token),
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = trust?.Clone() ?? new X509ChainPolicy { DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck } },
        };
        _http = new HttpClient(handler) { Timeout = Patience, MaxResponseContentBufferSize = LargestPolicy };
        _http.DefaultRequestHeaders.Accept.ParseAdd("text/plain");
    }

    /// <summary>Fetches the policy of a domain.</summary>
    public async Task<StsFetched> FetchAsync(string domain, CancellationToken cancellationToken)
    {
        var address = new Uri($"https://mta-sts.{domain}/.well-known/mta-sts.txt");
        try
        {
            using var response = await _http.GetAsync(address, cancellationToken);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                return Failed(TlsFault.StsPolicyFetchError, $"{address} answered {(int)response.StatusCode}"); // redirects too
            }

            if (!string.Equals(response.Content.Headers.ContentType?.MediaType, "text/plain", StringComparison.OrdinalIgnoreCase))
            {
                return Failed(TlsFault.StsPolicyInvalid, $"{address} is of type {response.Content.Headers.ContentType?.MediaType ?? "unknown"}, not text/plain");
            }

            var document = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            return StsPolicy.Parse(document) is { } policy
                ? new StsFetched(policy, TlsFault.None, "") { Document = document }
                : Failed(TlsFault.StsPolicyInvalid, $"{address} is no policy");
        }
        catch (HttpRequestException failure)
        {
            return failure.HttpRequestError == HttpRequestError.SecureConnectionError
                ? Failed(TlsFault.StsWebPkiInvalid, $"{address}: {(failure.InnerException ?? failure).Message}")
                : Failed(TlsFault.StsPolicyFetchError, $"{address}: {failure.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Failed(TlsFault.StsPolicyFetchError, $"{address} did not answer in time");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static StsFetched Failed(TlsFault fault, string reason) => new(null, fault, reason);

    private static async ValueTask<Stream> ConnectAsync(IDnsResolver resolver, string host, int port, CancellationToken cancellationToken)
    {
        var answer = await resolver.QueryAddressesAsync(host, cancellationToken);
        if (!answer.IsFound)
        {
            throw new HttpRequestException(HttpRequestError.NameResolutionError, $"{host} has no address{(answer.Detail.Length > 0 ? $": {answer.Detail}" : "")}");
        }

        SocketException? last = null;
        foreach (var address in RouteLookup.Interleave(answer.Records).Take(4))
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, port), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException failure)
            {
                socket.Dispose();
                last = failure;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw new HttpRequestException(HttpRequestError.ConnectionError, $"{host} cannot be reached: {last?.SocketErrorCode}", last);
    }
}
