using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;

namespace MailPlus.Engine.Accounts.Sasl;

/// <summary>Checks tokens at the introspection end point an administrator named (RFC 7662). An active token belongs to its username, else its email, else its sub.</summary>
public sealed class TokenIntrospection : ITokenCheck, IDisposable
{
    private const int LargestAnswer = 64 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly ISettingsSource _settings;
    private readonly HttpClient _http;

    /// <summary>By the present settings.</summary>
    public TokenIntrospection(ISettingsSource settings)
    {
        _settings = settings;
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
        {
            Timeout = Patience,
            MaxResponseContentBufferSize = LargestAnswer,
        };
    }

    /// <inheritdoc/>
    public bool IsConfigured => _settings.Current.Security.TokenIntrospectionUrl.Length > 0;

    /// <inheritdoc/>
    public async ValueTask<string?> CheckAsync(string token, CancellationToken cancellationToken)
    {
        var security = _settings.Current.Security;
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(security.TokenIntrospectionUrl))
        {
            Content = new FormUrlEncodedContent([KeyValuePair.Create("token", token), KeyValuePair.Create("token_type_hint", "access_token")]),
        };
        if (security.TokenClientId.Length > 0)
        {
            // RFC 6749 2.3.1: both are form-encoded before they are joined.
            var pair = $"{Uri.EscapeDataString(security.TokenClientId)}:{Uri.EscapeDataString(security.TokenClientSecret)}";
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(pair)));
        }

        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        try
        {
            using var response = await _http.SendAsync(request, cancellationToken);
            response.EnsureSuccessStatusCode();
            using var answer = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
            return Owner(answer.RootElement, security.TokenScope);
        }
        // InvalidOperation: half of a surrogate pair is found only when the string is read.
        catch (Exception failure) when (failure is HttpRequestException or JsonException or InvalidOperationException || failure is TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw new RefusedException(new Refusal(RefusalKind.Unavailable, "TokenCheckUnavailable") { Temporary = true, Detail = $"token introspection: {failure.Message}" });
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static string? Owner(JsonElement answer, string scope)
    {
        if (answer.ValueKind != JsonValueKind.Object || !answer.TryGetProperty("active", out var active) || active.ValueKind != JsonValueKind.True)
        {
            return null;
        }

        if (scope.Length > 0 && !(Text(answer, "scope") ?? "").Split(' ').Contains(scope, StringComparer.Ordinal))
        {
            return null;
        }

        return Text(answer, "username") ?? Text(answer, "email") ?? Text(answer, "sub");
    }

    private static string? Text(JsonElement answer, string name) =>
        answer.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;
}
