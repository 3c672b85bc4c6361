using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace MailPlus.Tests.Support;

/// <summary>An answer of the REST door: its status and its JSON document (default when it has none).</summary>
public sealed record RestAnswer(HttpStatusCode Status, JsonElement Body, HttpResponseHeaders Headers)
{
    /// <summary>A property of the document, by its path.</summary>
    public JsonElement this[params string[] path] => path.Aggregate(Body, (element, name) => element.GetProperty(name));

    /// <summary>The answer, if its status is the one expected.</summary>
    public RestAnswer Must(HttpStatusCode status) => Status == status ? this : throw new InvalidOperationException($"expected {status}, got {Status}: {Body}");
}

/// <summary>A script that speaks REST with a running server, by HTTP Basic.</summary>
public sealed class RestClient : IDisposable
{
    private readonly HttpClient _http;

    public RestClient(RunningServer server, string? name, string? password = null)
    {
        _http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.Web}/api/v1/"), Timeout = TimeSpan.FromMinutes(3) };
        if (name is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password ?? server.Plan.Password}")));
        }
    }

    public Task<RestAnswer> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public async Task<RestAnswer> SendAsync(HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var answer = await _http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        using var document = text.Length == 0 ? null : JsonDocument.Parse(text);
        return new RestAnswer(answer.StatusCode, document?.RootElement.Clone() ?? default, answer.Headers);
    }

    /// <summary>Changes settings; they must be taken.</summary>
    public async Task SetAsync(params (string Name, string Value)[] settings) =>
        (await SendAsync(HttpMethod.Patch, "settings", settings.ToDictionary(one => one.Name, one => one.Value))).Must(HttpStatusCode.OK);

    public void Dispose() => _http.Dispose();
}
