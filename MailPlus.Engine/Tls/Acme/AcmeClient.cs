using System.Buffers.Text;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MailPlus.Engine.Tls.Acme;

/// <summary>
/// Orders certificates at a directory (RFC 8555): account, order, one HTTP-01 challenge a name, finalisation, download. One use each order. Everything over HTTPS, no
/// redirects, no proxy, every answer bounded in size and time.
/// </summary>
internal sealed class AcmeClient : IDisposable
{
    private const int LargestAnswer = 256 * 1024;
    private const int NonceTries = 5;
    private const int MostAuthorizations = 100;
    private const int LongestToken = 200;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan OrderPatience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly HttpClient _http;
    private readonly string _directory;
    private readonly AcmeKey _key;
    private readonly AcmeChallenges _challenges;
    private readonly TimeProvider _clock;
    private string? _account;
    private string? _nonce;
    private DirectoryAnswer? _places;

    /// <param name="directory">Address of the directory.</param>
    /// <param name="roots">What its certificate is checked against; empty trusts the system's roots.</param>
    /// <param name="key">Key of the account.</param>
    /// <param name="challenges">Where answers to challenges are laid out.</param>
    /// <param name="clock">Clock.</param>
    public AcmeClient(string directory, X509Certificate2Collection roots, AcmeKey key, AcmeChallenges challenges, TimeProvider clock)
    {
        (_directory, _key, _challenges, _clock) = (directory, key, challenges, clock);
        var trust = new X509ChainPolicy { DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck };
        if (roots.Count > 0)
        {
            trust.TrustMode = X509ChainTrustMode.CustomRootTrust;
            trust.CustomTrustStore.AddRange(roots);
        }

        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            MaxResponseHeadersLength = 16,
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = trust },
        })
        {
            Timeout = Patience, MaxResponseContentBufferSize = LargestAnswer,
        };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("MailPlus", "1")); // RFC 8555 section 6.1 asks for one
    }

    /// <summary>Orders a certificate for names and a key; the chain in PEM, leaf first.</summary>
    /// <exception cref="AcmeException">It was not to be had.</exception>
    public async Task<string> OrderAsync(IReadOnlyList<string> names, byte[] request, string contact, CancellationToken cancellationToken)
    {
        await RegisterAsync(contact, cancellationToken);
        var identifiers = new JsonArray([.. names.Select(name => new JsonObject { ["type"] = "dns", ["value"] = name })]);
        var made = await PostAsync((await PlacesAsync(cancellationToken)).NewOrder, new JsonObject { ["identifiers"] = identifiers }, cancellationToken);
        var (order, place) = (Read<OrderAnswer>(made), made.Location ?? throw Strange("an order without address"));
        var tokens = new List<string>();
        try
        {
            foreach (var authorization in (order.Authorizations ?? []).Take(MostAuthorizations))
            {
                await ProveAsync(authorization, tokens, cancellationToken);
            }

            order = await WaitAsync<OrderAnswer>(place, one => one.Status is "ready" or "valid" or "invalid", cancellationToken);
            if (order.Status == "ready")
            {
                await PostAsync(order.Finalize, new JsonObject { ["csr"] = Base64Url.EncodeToString(request) }, cancellationToken);
                order = await WaitAsync<OrderAnswer>(place, one => one.Status is "valid" or "invalid", cancellationToken);
            }
        }
        finally
        {
            tokens.ForEach(_challenges.Withdraw);
        }

        return order.Status == "valid"
            ? Encoding.UTF8.GetString((await PostAsync(order.Certificate, null, "application/pem-certificate-chain", cancellationToken)).Body)
            : throw new AcmeException(AcmeFault.Refused, order.Error?.Text ?? "the order became invalid");
    }

    public void Dispose() => _http.Dispose();

    /// <summary>RFC 8555 section 7.3: who asks again with the same key is given the same account.</summary>
    private async Task RegisterAsync(string contact, CancellationToken cancellationToken)
    {
        var wanted = new JsonObject { ["termsOfServiceAgreed"] = true };
        if (contact.Length > 0)
        {
            wanted["contact"] = new JsonArray(JsonValue.Create($"mailto:{contact}"));
        }

        _account = (await PostAsync((await PlacesAsync(cancellationToken)).NewAccount, wanted, cancellationToken)).Location ?? throw Strange("an account without address");
    }

    private async Task ProveAsync(string authorization, List<string> tokens, CancellationToken cancellationToken)
    {
        var wanted = Read<AuthorizationAnswer>(await PostAsync(authorization, null, cancellationToken));
        if (wanted.Status == "valid")
        {
            return; // proven not long ago
        }

        var name = AcmeException.Plain(wanted.Identifier?.Value);
        var challenge = wanted.Challenges?.FirstOrDefault(one => one.Type == "http-01") ?? throw new AcmeException(AcmeFault.ChallengeFailed, $"{name}: the directory offers no HTTP-01");
        if (challenge.Token is not { Length: > 0 and <= LongestToken } token || !token.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_'))
        {
            throw Strange("a token that is none");
        }

        _challenges.Offer(token, $"{token}.{_key.Thumbprint}"); // RFC 8555 section 8.1
        tokens.Add(token);
        await PostAsync(challenge.Url, new JsonObject(), cancellationToken);
        var seen = await WaitAsync<AuthorizationAnswer>(authorization, one => one.Status is not ("pending" or "processing"), cancellationToken);
        if (seen.Status != "valid")
        {
            var said = seen.Challenges?.Select(one => one.Error).FirstOrDefault(error => error is not null)?.Text;
            throw new AcmeException(AcmeFault.ChallengeFailed, $"{name}: {said ?? $"the authorization is {AcmeException.Plain(seen.Status)}"}");
        }
    }

    private async Task<T> WaitAsync<T>(string url, Func<T, bool> isDone, CancellationToken cancellationToken)
    {
        var end = _clock.GetUtcNow() + OrderPatience;
        for (var wait = FirstWait; ; wait = wait * 2 < LongestWait ? wait * 2 : LongestWait)
        {
            var answer = await PostAsync(url, null, cancellationToken);
            var value = Read<T>(answer);
            if (isDone(value))
            {
                return value;
            }

            if (_clock.GetUtcNow() >= end)
            {
                throw new AcmeException(AcmeFault.TimedOut, "the directory did not decide in five minutes");
            }

            var pause = answer.RetryAfter ?? wait; // RFC 8555 section 7.5.1
            await Task.Delay(pause < FirstWait ? FirstWait : pause > LongestWait ? LongestWait : pause, _clock, cancellationToken);
        }
    }

    private async Task<DirectoryAnswer> PlacesAsync(CancellationToken cancellationToken) =>
        _places ??= Read<DirectoryAnswer>(await SendAsync(() => new HttpRequestMessage(HttpMethod.Get, Https(_directory)), cancellationToken));

    private Task<Answer> PostAsync(string? url, JsonNode? payload, CancellationToken cancellationToken) => PostAsync(url, payload, "application/json", cancellationToken);

    private async Task<Answer> PostAsync(string? url, JsonNode? payload, string accept, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            var place = Https(url);
            var nonce = _nonce ?? await FreshNonceAsync(cancellationToken);
            _nonce = null;
            var body = _key.Sign(place.OriginalString, nonce, _account, payload);
            try
            {
                return await SendAsync(
                    () =>
                    {
                        var content = new ByteArrayContent(body);
                        content.Headers.ContentType = new MediaTypeHeaderValue("application/jose+json");
                        var request = new HttpRequestMessage(HttpMethod.Post, place) { Content = content };
                        request.Headers.Accept.ParseAdd(accept);
                        return request;
                    },
                    cancellationToken);
            }
            catch (BadNonceException) when (tries < NonceTries)
            {
                // RFC 8555 section 6.5: the answer brought a fresh one.
            }
            catch (BadNonceException)
            {
                throw Strange("no nonce is good enough");
            }
        }
    }

    private async Task<string> FreshNonceAsync(CancellationToken cancellationToken)
    {
        var place = Https((await PlacesAsync(cancellationToken)).NewNonce);
        await SendAsync(() => new HttpRequestMessage(HttpMethod.Head, place), cancellationToken);
        return _nonce ?? throw Strange("no nonce");
    }

    private async Task<Answer> SendAsync(Func<HttpRequestMessage> make, CancellationToken cancellationToken)
    {
        try
        {
            using var request = make();
            using var response = await _http.SendAsync(request, cancellationToken);
            _nonce = response.Headers.TryGetValues("Replay-Nonce", out var nonces) ? nonces.First() : null;
            var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            var again = response.Headers.RetryAfter is { } header ? header.Delta ?? header.Date - _clock.GetUtcNow() : null;
            return response.IsSuccessStatusCode ? new Answer(body, response.Headers.Location?.OriginalString, again) : throw Problem(response.StatusCode, body, again);
        }
        catch (HttpRequestException failure)
        {
            throw new AcmeException(AcmeFault.Unreachable, AcmeException.Plain($"{_directory}: {(failure.InnerException ?? failure).Message}"), failure);
        }
        catch (OperationCanceledException failure) when (!cancellationToken.IsCancellationRequested)
        {
            throw new AcmeException(AcmeFault.Unreachable, $"{_directory}: no answer in a minute", failure);
        }
    }

    private static Exception Problem(HttpStatusCode status, byte[] body, TimeSpan? again)
    {
        ProblemAnswer? problem = null;
        try
        {
            problem = JsonSerializer.Deserialize<ProblemAnswer>(body, Json);
        }
        catch (JsonException)
        {
            // no problem document: the status has to do
        }

        var (kind, text) = (problem?.Kind ?? "", problem?.Text ?? "");
        return kind switch
        {
            "badNonce" => new BadNonceException(),
            "rateLimited" => new AcmeException(AcmeFault.RateLimited, text) { RetryAfter = again },
            { Length: > 0 } => new AcmeException(AcmeFault.Refused, text) { RetryAfter = again },
            _ => new AcmeException(status >= HttpStatusCode.InternalServerError ? AcmeFault.Unreachable : AcmeFault.Refused, $"HTTP {(int)status}") { RetryAfter = again },
        };
    }

    private static T Read<T>(Answer answer)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(answer.Body, Json) ?? throw Strange("nothing");
        }
        catch (JsonException failure)
        {
            throw new AcmeException(AcmeFault.Refused, "the directory answered something that is not ACME", failure);
        }
    }

    private static Uri Https(string? url) => Uri.TryCreate(url, UriKind.Absolute, out var place) && place.Scheme == Uri.UriSchemeHttps ? place : throw Strange("an address that is not https");

    private static AcmeException Strange(string what) => new(AcmeFault.Refused, $"the directory answered {what}");

    private sealed record Answer(byte[] Body, string? Location, TimeSpan? RetryAfter);

    private sealed class BadNonceException() : Exception("badNonce");
}
