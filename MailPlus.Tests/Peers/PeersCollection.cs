using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Peers;

/// <summary>One running server for all tests with real clients; each test uses an account of its own.</summary>
public sealed class PeerServer : IAsyncLifetime
{
    public RunningServer Server { get; private set; } = null!;

    public async Task InitializeAsync() => Server = await RunningServer.StartAsync(new ServerPlan
    {
        Accounts = ["swaks", "curl", "mbsync", "flow", "node", "python", "kit", "kim", "unix", "alpine", "bird"],
    });

    public async Task DisposeAsync() => await Server.DisposeAsync();

    /// <summary>The one message with that subject in an account's INBOX, as raw text; waits for it.</summary>
    public async Task<string> ReceivedAsync(string account, string subject)
    {
        using var client = await LogInAsync(account);
        var found = new List<string>();
        await Eventually.TrueAsync(
            async () =>
            {
                await client.ImapOkAsync("SELECT INBOX");
                var answer = await client.ImapOkAsync("UID FETCH 1:* (BODY.PEEK[])");
                found = [.. answer.Where(line => line.Contains($"Subject: {subject}\r\n", StringComparison.Ordinal))];
                return found.Count > 0;
            },
            () => $"a message with subject {subject} is in {account}'s INBOX\n{string.Join('\n', Server.Output.TakeLast(30))}");
        return Assert.Single(found);
    }

    /// <summary>A home of its own for a program, with the server's certificate in it as server.pem.</summary>
    public async Task<string> HomeAsync(string program)
    {
        var home = System.IO.Directory.CreateDirectory(Path.Combine(Server.Home, program)).FullName;
        using var certificate = await PeerTools.CertificateOfAsync(Server);
        await File.WriteAllTextAsync(Path.Combine(home, "server.pem"), certificate.ExportCertificatePem() + "\n");
        return home;
    }

    public async Task<WireClient> LogInAsync(string account)
    {
        var client = await WireClient.ConnectAsync(Server.Imap);
        await client.ReadLineAsync();
        await client.ImapOkAsync($"LOGIN {account} {Server.Plan.Password}");
        return client;
    }
}

[CollectionDefinition(Name)]
public sealed class PeersCollection : ICollectionFixture<PeerServer>
{
    public const string Name = "peers";
}

/// <summary>Where a test needs a program of others.</summary>
internal static class PeerTools
{
    /// <summary>Skips the test with a reason when a program is missing; test.sh installs all of them.</summary>
    public static void Need(params string[] programs)
    {
        foreach (var program in programs)
        {
            Skip.If(ChildProcess.Find(program) is null, $"{program} is not installed");
        }
    }

    /// <summary>The certificate a running server shows.</summary>
    public static async Task<X509Certificate2> CertificateOfAsync(RunningServer server)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", server.Imaps);
        await using var tls = new SslStream(client.GetStream(), false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync("localhost");
        return new X509Certificate2(tls.RemoteCertificate!);
    }

    /// <summary>
    /// A TCP port that nobody listens on at the moment, for a program that has to be told one: of those the system gives to nobody by itself, so that
    /// it is still free when the program comes to it.
    /// </summary>
    public static int FreePort()
    {
        while (true)
        {
            var port = RandomNumberGenerator.GetInt32(20_000, 32_000);
            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // another one
            }
        }
    }

    /// <summary>Folder of scripts and npm packages of this test folder.</summary>
    public static string Folder { get; } = Path.Combine(RepositoryTree.Root, "MailPlus.Tests", "Peers");
}
