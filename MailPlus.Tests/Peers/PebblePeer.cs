using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using MailPlus.Tests.Support;

namespace MailPlus.Tests.Peers;

/// <summary>Debian's pebble on free loopback ports: an ACME directory that checks names by HTTP-01 and finds them in a zone of the test. It refuses some good nonces, as it does by default.</summary>
internal sealed class PebblePeer : IAsyncDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("mailplus-pebble-").FullName;
    private readonly int _port = FreePort();
    private ChildProcess? _process;

    private PebblePeer()
    {
    }

    public static bool IsInstalled => ChildProcess.Find("pebble") is not null;

    /// <summary>Address of the directory.</summary>
    public string Address => $"https://127.0.0.1:{_port}/dir";

    /// <summary>The certificate of the directory itself, DER in base64.</summary>
    public string Authority { get; private set; } = "";

    /// <summary>What it printed.</summary>
    public string Log() => _process?.Tail() ?? "";

    /// <summary>Starts it; it looks for answers on that port of the hosts, in place of 80.</summary>
    public static async Task<PebblePeer> StartAsync(int httpPort, TestZone zone)
    {
        for (var tries = 0; ; tries++)
        {
            var peer = new PebblePeer();
            await peer.WriteAsync(httpPort);
            peer._process = ChildProcess.Start("env", ["PEBBLE_VA_NOSLEEP=1", "pebble", "-config", Path.Combine(peer._home, "pebble.json"), "-dnsserver", zone.EndPoint.ToString()]);
            await Eventually.TrueAsync(async () => peer._process.HasExited || await CanConnectAsync(peer._port), peer.Log);
            if (!peer._process.HasExited)
            {
                return peer;
            }

            var log = peer.Log();
            await peer.DisposeAsync();
            if (tries == 5)
            {
                throw new InvalidOperationException($"pebble ended\n{log}");
            }
        }
    }

    /// <summary>A port outside the range from which clients are given theirs.</summary>
    public static int FreePort()
    {
        for (var tries = 0; ; tries++)
        {
            var port = Random.Shared.Next(10_000, 32_000);
            try
            {
                using var probe = new TcpListener(IPAddress.Any, port);
                probe.Start();
                return port;
            }
            catch (SocketException) when (tries < 100)
            {
                // somebody is there
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        Directory.Delete(_home, recursive: true);
    }

    private async Task WriteAsync(int httpPort)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=directory of a test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        using var certificate = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(30));
        Authority = Convert.ToBase64String(certificate.RawData);
        var (pem, secret) = (Path.Combine(_home, "cert.pem"), Path.Combine(_home, "key.pem"));
        await File.WriteAllTextAsync(pem, certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(secret, key.ExportPkcs8PrivateKeyPem());
        await File.WriteAllTextAsync(Path.Combine(_home, "pebble.json"), JsonSerializer.Serialize(new
        {
            pebble = new
            {
                listenAddress = $"127.0.0.1:{_port}",
                managementListenAddress = $"127.0.0.1:{FreePort()}",
                certificate = pem,
                privateKey = secret,
                httpPort,
                tlsPort = FreePort(),
                ocspResponderURL = "",
                externalAccountBindingRequired = false,
            },
        }));
    }

    private static async Task<bool> CanConnectAsync(int port)
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
