using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MailPlus.Tests.Support;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace MailPlus.Tests.Browser;

/// <summary>An administrator changes the certificate of the running server (PRO-049): each listener shows the new one from the next handshake on, and what cannot serve changes nothing.</summary>
[Collection(BrowserTests.Name)]
public sealed class CertificateUploadTests(BrowserFixture browser)
{
    private static readonly DateTimeOffset Today = TimeProvider.System.GetUtcNow();

    [SkippableFact]
    public async Task A_good_pair_is_served_at_the_next_handshake_and_a_bad_one_says_why_beside_its_field()
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        await using var server = await RunningServer.StartAsync(new ServerPlan());
        await using var visitor = await browser.VisitAsync(server);
        var page = visitor.Page;
        await visitor.SignInAsync(server.Plan.Administrator, server.Plan.Password);
        await visitor.OpenAsync("/admin/service?tab=certificate");
        await Expect(page.GetByText("made by the server itself")).ToBeVisibleAsync();
        var own = await MustServeTheSameEverywhereAsync(server);

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var good = Certificate(key, Today.AddDays(-1), Today.AddDays(90));
        using var expired = Certificate(key, Today.AddDays(-90), Today.AddDays(-1));
        var goodPem = good.ExportCertificatePem();
        var keyPem = key.ExportPkcs8PrivateKeyPem();

        // Nothing of what follows may replace the certificate in use.
        foreach (var (certificate, itsKey, password, field, words) in new[]
        {
            ("-----BEGIN CERTIFICATE-----\nbm90aGluZw==\n-----END CERTIFICATE-----\n", keyPem, "", "certificate", "not a readable certificate"),
            (goodPem, "nothing of the kind", "", "key", "no readable private key"),
            (goodPem, "", "", "key", "no readable private key"),
            (goodPem, other.ExportPkcs8PrivateKeyPem(), "", "key", "does not belong to the certificate"),
            (expired.ExportCertificatePem(), keyPem, "", "certificate", "has expired"),
            (goodPem, Locked(key, "right"), "wrong", "key-password", "password does not open"),
        })
        {
            await UploadAsync(page, certificate, itsKey, password);
            await visitor.WaitUntilLiveAsync();
            await Expect(page.Locator($"#{field}-error")).ToContainTextAsync(words);
            Assert.Equal($"{field}-error", (await page.Locator($"#{field}").GetAttributeAsync("aria-describedby"))!.Split(' ')[^1]);
            await Expect(page.Locator(".mp-error")).ToHaveCountAsync(1);
            Assert.Equal(own, await ServedAsync(server.Imaps));
        }

        await visitor.MustSuitEveryScreenAsync("console-certificate-refused");

        await UploadAsync(page, goodPem, keyPem, "");
        await Expect(page.GetByText("in use from the next connection on").First).ToBeVisibleAsync();
        await Expect(page.Locator(".mp-error")).ToHaveCountAsync(0);
        await Expect(page.GetByText("made by the server itself")).ToHaveCountAsync(0);
        await visitor.WaitUntilLiveAsync();
        await visitor.MustSuitEveryScreenAsync("console-certificate-uploaded");
        Assert.Equal(good.Thumbprint, await MustServeTheSameEverywhereAsync(server));

        // A key that is protected, and the way back to the server's own.
        using var later = Certificate(key, Today.AddDays(-1), Today.AddDays(180));
        await UploadAsync(page, later.ExportCertificatePem(), Locked(key, "right"), "right");
        await Expect(page.GetByText("in use from the next connection on").First).ToBeVisibleAsync();
        await visitor.WaitUntilLiveAsync();
        Assert.Equal(later.Thumbprint, await MustServeTheSameEverywhereAsync(server));

        await page.GetByRole(AriaRole.Button, new() { Name = "Back to the self-signed certificate" }).ClickAsync();
        await Expect(page.GetByText("made by the server itself")).ToBeVisibleAsync();
        Assert.Equal(own, await MustServeTheSameEverywhereAsync(server));
        visitor.MustNotHaveComplained();
    }

    private static async Task UploadAsync(IPage page, string certificate, string key, string password)
    {
        await page.SetInputFilesAsync("#certificate", new FilePayload { Name = "mail.crt", MimeType = "application/x-pem-file", Buffer = Encoding.ASCII.GetBytes(certificate) });
        if (key.Length > 0)
        {
            await page.SetInputFilesAsync("#key", new FilePayload { Name = "mail.key", MimeType = "application/x-pem-file", Buffer = Encoding.ASCII.GetBytes(key) });
        }

        await page.FillAsync("#key-password", password);

        // The page that answers is a new one; the mark tells it from the old one.
        await page.EvaluateAsync("() => { window.before = true; }");
        await page.GetByRole(AriaRole.Button, new() { Name = "Use this certificate" }).ClickAsync();
        await page.WaitForFunctionAsync("() => !window.before && document.documentElement.hasAttribute('data-live')");
    }

    private static async Task<string> MustServeTheSameEverywhereAsync(RunningServer server)
    {
        var served = await ServedAsync(server.Imaps);
        Assert.Equal(served, await ServedAsync(server.Smtps));
        Assert.Equal(served, await ServedAsync(server.Port("pop3s")));
        Assert.Equal(served, await ServedAsync(server.Port("web-tls")));
        Assert.Equal(served, await ServedAsync(server.Submission, "EHLO client.example.net", "STARTTLS"));
        return served;
    }

    /// <summary>Thumbprint of the certificate a listener shows in a new handshake, after the SMTP lines that lead to it.</summary>
    private static async Task<string> ServedAsync(int port, params string[] before)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port);
        await using var stream = client.GetStream();
        if (before.Length > 0)
        {
            await ReplyAsync(stream);
            foreach (var line in before)
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes(line + "\r\n"));
                await ReplyAsync(stream);
            }
        }

        await using var tls = new SslStream(stream);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "mail.example.test", RemoteCertificateValidationCallback = (_, _, _, _) => true });
        using var certificate = new X509Certificate2(tls.RemoteCertificate!);
        return certificate.Thumbprint;
    }

    /// <summary>Reads an SMTP reply to its last line, octet by octet: what follows belongs to TLS.</summary>
    private static async Task ReplyAsync(NetworkStream stream)
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (await stream.ReadAsync(one) > 0)
        {
            if (one[0] != '\n')
            {
                line.Append((char)one[0]);
                continue;
            }

            if (line.Length > 3 && line[3] == ' ')
            {
                return;
            }

            line.Clear();
        }

        throw new EndOfStreamException();
    }

    private static string Locked(ECDsa key, string password) =>
        key.ExportEncryptedPkcs8PrivateKeyPem(password, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000));

    private static X509Certificate2 Certificate(ECDsa key, DateTimeOffset from, DateTimeOffset until)
    {
        var request = new CertificateRequest("CN=mail.example.test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("mail.example.test");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        return request.CreateSelfSigned(from, until);
    }
}
