using System.Globalization;
using System.Net;
using System.Net.Sockets;
using MailPlus.Engine.Settings;
using MailPlus.Web.Shared;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace MailPlus.Web;

/// <summary>
/// Where the web part listens: 8080, and 443 under TLS, unless the command line says otherwise.
/// A port that cannot be bound is left out with its reason, so that the rest of the server runs.
/// </summary>
public sealed class WebListeners(RunOptions run, ILogger<WebListeners> log)
{
    private const int PlainPort = 8080;
    private const int SecurePort = 443;
    private const int UnprivilegedOffset = 10_000;
    private readonly Source _source = new();
    private readonly Dictionary<string, string> _failures = new(StringComparer.Ordinal);
    private IServer? _server;

    /// <summary>Listeners that should be open but are not, with the reason, by name ("web", "web-tls").</summary>
    public IReadOnlyDictionary<string, string> Failures => _failures;

    /// <summary>Kestrel's configuration section.</summary>
    internal IConfiguration Configuration { get; private set; } = new ConfigurationBuilder().Build();

    /// <summary>The bound ports by name; empty before the server has started.</summary>
    public IReadOnlyDictionary<string, int> BoundPorts => (_server?.Features.Get<IServerAddressesFeature>()?.Addresses ?? [])
        .Select(address => BindingAddress.Parse(address))
        .DistinctBy(address => address.Scheme)
        .ToDictionary(address => address.Scheme == "https" ? "web-tls" : "web", address => address.Port);

    /// <summary>The same address under HTTPS, null when nothing listens there.</summary>
    public string? SecureAddress(HttpRequest request)
    {
        if (!BoundPorts.TryGetValue("web-tls", out var port))
        {
            return null;
        }

        var host = port == SecurePort ? new HostString(request.Host.Host) : new HostString(request.Host.Host, port);
        return $"https://{host}{request.PathBase}{request.Path}{request.QueryString}";
    }

    internal void Open()
    {
        Configuration = new ConfigurationBuilder().Add(_source).Build();
        Apply();
    }

    internal void Follow(IServer server) => _server = server;

    private void Apply()
    {
        var endpoints = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        Add("web", "http", PlainPort, endpoints);

        // Open before the server is set up too: the wizard asks for a password, which must not cross the network in the clear.
        Add("web-tls", "https", SecurePort, endpoints);

        _source.Provider.Replace(endpoints);
    }

    private void Add(string name, string scheme, int port, Dictionary<string, string?> endpoints)
    {
        var key = $"Endpoints:{name}:Url";
        if (run.Listeners.TryGetValue(name, out var fixedTo))
        {
            if (fixedTo is not null && Probe(name, fixedTo))
            {
                endpoints[key] = $"{scheme}://{fixedTo}";
            }

            return;
        }

        foreach (var candidate in new[] { port, port + UnprivilegedOffset })
        {
            if (Probe(name, new IPEndPoint(IPAddress.Any, candidate)))
            {
                endpoints[key] = string.Create(CultureInfo.InvariantCulture, $"{scheme}://*:{candidate}");
                _failures.Remove(name);
                return;
            }
        }
    }

    private bool Probe(string name, IPEndPoint endpoint)
    {
        try
        {
            using var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(endpoint);
            return true;
        }
        catch (SocketException failure)
        {
            _failures[name] = failure.Message;
            WebLog.ListenerFailed(log, name, endpoint.ToString(), failure.Message);
            return false;
        }
    }

    private sealed class Source : IConfigurationSource
    {
        public Endpoints Provider { get; } = new();

        public IConfigurationProvider Build(IConfigurationBuilder builder) => Provider;
    }

    private sealed class Endpoints : ConfigurationProvider
    {
        public void Replace(Dictionary<string, string?> endpoints)
        {
            Data = endpoints;
            OnReload();
        }
    }
}
