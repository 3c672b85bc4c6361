using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MailKit;
using MailKit.Net.Imap;
using MailKit.Security;
using MailPlus.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using MimeKit;
using Xunit;

namespace MailPlus.Tests.Peers;

/// <summary>A running server for POP3 and SASL clients, with an authority of client certificates and a checker of tokens configured.</summary>
public sealed class PopServer : IAsyncLifetime
{
    /// <summary>The one good token; it belongs to mpop@example.test.</summary>
    public const string Token = "a-token-that-is-good";

    private readonly X509Certificate2 _authority = MakeAuthority();
    private WebApplication? _checker;

    public RunningServer Server { get; private set; } = null!;

    /// <summary>PEM file of a client certificate for mpop@example.test, its key in it.</summary>
    public string ClientPem => Path.Combine(Server.Home, "client.pem");

    public async Task InitializeAsync()
    {
        _checker = await StartCheckerAsync();
        var url = _checker.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        Server = await RunningServer.StartAsync(new ServerPlan
        {
            Accounts = ["curl", "python", "pythons", "kit", "fetchmail", "getmail", "mpop", "scram"],
            Settings = new Dictionary<string, string>
            {
                ["Security.ClientAuthorities"] = Convert.ToBase64String(_authority.RawData),
                ["Security.TokenIntrospectionUrl"] = url + "/introspect",
                ["Security.TokenClientId"] = "mailplus",
                ["Security.TokenClientSecret"] = "s3cret",
                ["Security.TokenScope"] = "mail",
            },
        });
        await WriteClientAsync("mpop@example.test");
    }

    public async Task DisposeAsync()
    {
        await Server.DisposeAsync();
        await _checker!.DisposeAsync();
        _authority.Dispose();
    }

    /// <summary>Puts messages into an account's INBOX; number n has the subject "message n".</summary>
    public async Task FillAsync(string account, int count)
    {
        using var client = new ImapClient { ServerCertificateValidationCallback = (_, _, _, _) => true };
        await client.ConnectAsync("127.0.0.1", Server.Imaps, SecureSocketOptions.SslOnConnect);
        await client.AuthenticateAsync(account, Server.Plan.Password);
        for (var n = 1; n <= count; n++)
        {
            var message = new MimeMessage { Subject = $"message {n}", Body = new TextPart("plain") { Text = $"first line\r\n.leading dot\r\n.\r\nlast line of {n}\r\n" } };
            message.From.Add(new MailboxAddress("a", "a@example.net"));
            message.To.Add(new MailboxAddress("b", Server.Address(account)));
            await client.Inbox!.AppendAsync(message);
        }

        await client.DisconnectAsync(true);
    }

    /// <summary>Messages in an account's INBOX as IMAP sees them.</summary>
    public async Task<int> CountAsync(string account)
    {
        using var client = new ImapClient { ServerCertificateValidationCallback = (_, _, _, _) => true };
        await client.ConnectAsync("127.0.0.1", Server.Imaps, SecureSocketOptions.SslOnConnect);
        await client.AuthenticateAsync(account, Server.Plan.Password);
        await client.Inbox!.StatusAsync(StatusItems.Count);
        return client.Inbox.Count;
    }

    /// <summary>Writes a file that only its owner may read, as clients insist for secrets.</summary>
    internal static async Task WriteOwnAsync(string file, string text)
    {
        await File.WriteAllTextAsync(file, text + "\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    private static async Task<WebApplication> StartCheckerAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var checker = builder.Build();
        checker.MapPost("/introspect", async (HttpRequest request) =>
        {
            var form = await request.ReadFormAsync();
            var basic = "Basic " + Convert.ToBase64String("mailplus:s3cret"u8);
            return request.Headers.Authorization != basic ? Results.Unauthorized()
                : form["token"] == Token ? Results.Text("""{"active":true,"scope":"openid mail","username":"mpop@example.test"}""", "application/json")
                : Results.Text("""{"active":false}""", "application/json");
        });
        await checker.StartAsync();
        return checker;
    }

    private static X509Certificate2 MakeAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Company authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
    }

    private async Task WriteClientAsync(string address)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=mpop", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddEmailAddress(address);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], false));
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.Create(_authority, now.AddHours(-1), now.AddDays(10), RandomNumberGenerator.GetBytes(8));
        await WriteOwnAsync(ClientPem, certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem());
    }
}

[CollectionDefinition(Name)]
public sealed class PopCollection : ICollectionFixture<PopServer>
{
    public const string Name = "pop";
}
