using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Settings;

/// <summary>Service.Pop3 and Service.Pop3s, and Service.Sieve (ManageSieve), turned on a server that listens where its settings say (PRO-024, PRO-025, PRO-050).</summary>
public sealed class PopListenerTests
{
    [Fact]
    public async Task POP3_is_switched_on_and_off_in_the_running_server()
    {
        await using var server = await RunningServer.StartAsync(new ServerPlan
        {
            FollowsSettings = true,
            Settings = new[] { "Smtp", "Smtps", "Submission", "Imap", "Imaps", "Pop3", "Pop3s" }.ToDictionary(name => "Service." + name, _ => "off").Append(new("Service.ListenAddresses", "127.0.0.1")).ToDictionary(),
        });
        using var rest = new RestClient(server, server.Plan.Administrator);
        var (pop3, pop3s, sieve) = (FreePort.Next(), FreePort.Next(), FreePort.Next());
        await rest.SetAsync(("Service.Pop3", $"on:{pop3}"), ("Service.Pop3s", $"on:{pop3s}"), ("Service.Sieve", $"on:{sieve}"));
        await MustGreetAsync(sieve, isTls: false, "\"IMPLEMENTATION\"");
        await MustGreetAsync(pop3, isTls: false);
        await MustGreetAsync(pop3s, isTls: true);

        await rest.SetAsync(("Service.Pop3", "off"));
        await MustRefuseAsync(pop3);
        await MustGreetAsync(pop3s, isTls: true);

        await rest.SetAsync(("Service.Pop3s", "off"), ("Service.Sieve", "off"));
        await MustRefuseAsync(pop3s);
        await MustRefuseAsync(sieve);
    }

    private static async Task MustGreetAsync(int port, bool isTls, string greeting = "+OK")
    {
        var said = "";
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    said = await GreetingAsync(port, isTls);
                }
                catch (Exception failure) when (failure is SocketException or IOException)
                {
                    said = failure.Message;
                }

                return said.StartsWith(greeting, StringComparison.Ordinal);
            },
            () => $"{greeting} on port {port}: {said}");
    }

    private static async Task<string> GreetingAsync(int port, bool isTls)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        await using var plain = client.GetStream();
        if (!isTls)
        {
            using var words = new StreamReader(plain);
            return await words.ReadLineAsync() ?? "";
        }

        await using var tls = new SslStream(plain);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "mail.example.test", RemoteCertificateValidationCallback = (_, _, _, _) => true });
        using var reader = new StreamReader(tls);
        return await reader.ReadLineAsync() ?? "";
    }

    private static async Task MustRefuseAsync(int port) => await Eventually.TrueAsync(
        async () =>
        {
            try
            {
                using var client = await WireClient.ConnectAsync(port);
                return false;
            }
            catch (SocketException)
            {
                return true;
            }
        },
        () => $"nothing listens on port {port} any more");
}
