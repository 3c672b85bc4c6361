using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace MailPlus.Tests.Smtp.Client;

/// <summary>A server on loopback that answers as its script says and remembers what it was told.</summary>
public sealed class ScriptedSmtpServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private int _connections;

    public ScriptedSmtpServer()
    {
        _listener.Start();
        _accepting = Task.Run(AcceptAsync);
    }

    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndpoint;

    public string Greeting { get; set; } = "220 peer.example.test ready";

    /// <summary>Lines after the first one of the EHLO reply.</summary>
    public IReadOnlyList<string> Extensions { get; set; } = ["PIPELINING", "SIZE 1000000", "8BITMIME", "SMTPUTF8", "DSN"];

    /// <summary>Overrides the reply to a command line; null follows the usual. "close" closes without a word.</summary>
    public Func<string, string?> Answer { get; set; } = _ => null;

    public X509Certificate2? Certificate { get; set; }

    /// <summary>What it sends along with its certificate.</summary>
    public X509Certificate2Collection Chain { get; set; } = [];

    /// <summary>Names that clients asked for in TLS.</summary>
    public ConcurrentQueue<string> ServerNames { get; } = new();

    public ConcurrentQueue<string> Commands { get; } = new();

    /// <summary>What came between DATA and the final dot, as sent.</summary>
    public ConcurrentQueue<string> Messages { get; } = new();

    public int Connections => Volatile.Read(ref _connections);

    public static X509Certificate2 MakeCertificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        using var made = request.CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(100));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                Interlocked.Increment(ref _connections);
                _ = Task.Run(() => ServeAsync(client));
            }
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // stopped
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var owned = client;
        try
        {
            Stream stream = client.GetStream();
            await WriteAsync(stream, Greeting);
            while (await ReadLineAsync(stream) is { } line)
            {
                Commands.Enqueue(line);
                var verb = line.Split(' ')[0].ToUpperInvariant();
                var reply = Answer(line) ?? Usual(verb);
                if (reply == "close")
                {
                    return;
                }

                await WriteAsync(stream, reply);
                if (verb == "STARTTLS" && reply.StartsWith("220", StringComparison.Ordinal) && Certificate is not null)
                {
                    var tls = new SslStream(stream);
                    var shown = SslStreamCertificateContext.Create(Certificate, Chain, offline: true);
                    await tls.AuthenticateAsServerAsync(
                        (_, hello, _, _) =>
                        {
                            ServerNames.Enqueue(hello.ServerName);
                            return new ValueTask<SslServerAuthenticationOptions>(new SslServerAuthenticationOptions { ServerCertificateContext = shown });
                        },
                        null,
                        _stop.Token);
                    stream = tls;
                }
                else if (verb == "DATA" && reply.StartsWith("354", StringComparison.Ordinal))
                {
                    Messages.Enqueue(await ReadDataAsync(stream));
                    await WriteAsync(stream, Answer(".") ?? "250 2.0.0 taken as 42");
                }
                else if (verb == "QUIT")
                {
                    return;
                }
            }
        }
        catch (Exception end) when (end is IOException or SocketException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
        {
            // the peer went away
        }
    }

    private string Usual(string verb) => verb switch
    {
        "EHLO" => string.Join("\r\n", new[] { "peer.example.test" }.Concat(Extensions).Select((l, i) => $"250{(i == Extensions.Count ? ' ' : '-')}{l}")),
        "HELO" => "250 peer.example.test",
        "DATA" => "354 go ahead",
        "STARTTLS" => "220 go ahead",
        "QUIT" => "221 bye",
        _ => "250 2.1.0 fine",
    };

    private async Task WriteAsync(Stream stream, string text) => await stream.WriteAsync(Encoding.UTF8.GetBytes(text + "\r\n"), _stop.Token);

    private async Task<string?> ReadLineAsync(Stream stream)
    {
        var line = new List<byte>();
        var one = new byte[1];
        while (await stream.ReadAsync(one, _stop.Token) == 1)
        {
            if (one[0] == '\n')
            {
                return Encoding.UTF8.GetString([.. line]).TrimEnd('\r');
            }

            line.Add(one[0]);
        }

        return null;
    }

    private async Task<string> ReadDataAsync(Stream stream)
    {
        var data = new StringBuilder();
        var one = new byte[1];
        while (!(data.Length >= 3 && data[^1] == '\n' && data[^2] == '\r' && data[^3] == '.' && (data.Length == 3 || data[^4] == '\n')))
        {
            if (await stream.ReadAsync(one, _stop.Token) == 0)
            {
                throw new IOException("cut inside DATA");
            }

            data.Append((char)one[0]);
        }

        return data.ToString(0, data.Length - 3);
    }
}
