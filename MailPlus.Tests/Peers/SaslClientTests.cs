using MailKit;
using MailKit.Net.Imap;
using MailKit.Net.Pop3;
using MailKit.Net.Smtp;
using MailKit.Security;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Peers;

/// <summary>Each mechanism by a library of others, over each protocol.</summary>
[Collection(PopCollection.Name)]
public sealed class SaslClientTests(PopServer pop)
{
    public static TheoryData<string, string> Ways
    {
        get
        {
            var ways = new TheoryData<string, string>();
            foreach (var listener in new[] { "submission", "smtps", "imap", "imaps", "pop3", "pop3s" })
            {
                foreach (var mechanism in new[] { "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "PLAIN", "LOGIN" })
                {
                    ways.Add(listener, mechanism);
                }
            }

            return ways;
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task MailKit_signs_in(string listener, string mechanism)
    {
        using (var right = await ConnectAsync(listener))
        {
            Assert.Contains(mechanism, right.AuthenticationMechanisms);
            await right.AuthenticateAsync(Make(mechanism, "scram@example.test", pop.Server.Plan.Password));
            Assert.True(right.IsAuthenticated);
            await right.DisconnectAsync(true);
        }

        using var wrong = await ConnectAsync(listener);
        await Assert.ThrowsAsync<AuthenticationException>(() => wrong.AuthenticateAsync(Make(mechanism, "scram@example.test", "wrong")));
    }

    [Theory]
    [InlineData("imaps")]
    [InlineData("smtps")]
    [InlineData("pop3s")]
    public async Task Tokens_sign_in_as_their_owner_only(string listener)
    {
        using (var right = await ConnectAsync(listener))
        {
            await right.AuthenticateAsync(new SaslMechanismOAuthBearer("mpop@example.test", PopServer.Token));
            await right.DisconnectAsync(true);
        }

        using (var other = await ConnectAsync(listener))
        {
            await RefusedAsync(() => other.AuthenticateAsync(new SaslMechanismOAuth2("kit@example.test", PopServer.Token)));
        }

        using var wrong = await ConnectAsync(listener);
        await RefusedAsync(() => wrong.AuthenticateAsync(new SaslMechanismOAuthBearer("mpop@example.test", "no-good")));
    }

    [SkippableTheory]
    [InlineData("imaps")]
    [InlineData("pop3s")]
    [InlineData("smtps")]
    public async Task Curl_signs_in_by_token(string listener)
    {
        PeerTools.Need("curl");
        var path = listener == "smtps" ? "" : listener == "imaps" ? "INBOX?ALL" : "";
        string[] request = listener == "smtps" ? ["--request", "NOOP"] : [];
        var url = $"{listener}://127.0.0.1:{pop.Server.Port(listener)}/{path}";
        (await ChildProcess.RunAsync("curl", ["--silent", "--show-error", "--insecure", "--max-time", "180", "--user", "mpop@example.test:", "--oauth2-bearer", PopServer.Token, .. request, url])).MustSucceed(url);
        var wrong = await ChildProcess.RunAsync("curl", ["--silent", "--show-error", "--insecure", "--max-time", "180", "--user", "mpop@example.test:", "--oauth2-bearer", "no-good", .. request, url]);
        Assert.Equal(67, wrong.ExitCode); // curl: login denied
    }

    /// <summary>MailKit's POP3 client does not expect a challenge after a token and calls it a protocol error; the others name it what it is.</summary>
    private static async Task RefusedAsync(Func<Task> signIn)
    {
        var failure = await Record.ExceptionAsync(signIn);
        Assert.True(failure is AuthenticationException or Pop3ProtocolException, $"{failure}");
    }

    private static SaslMechanism Make(string mechanism, string name, string password) => mechanism switch
    {
        "SCRAM-SHA-256" => new SaslMechanismScramSha256(name, password),
        "SCRAM-SHA-256-PLUS" => new SaslMechanismScramSha256Plus(name, password),
        "PLAIN" => new SaslMechanismPlain(name, password),
        _ => new SaslMechanismLogin(name, password),
    };

    private async Task<IMailService> ConnectAsync(string listener)
    {
        MailService client = listener switch
        {
            "submission" or "smtps" => new SmtpClient(),
            "imap" or "imaps" => new ImapClient(),
            _ => new Pop3Client(),
        };
        client.ServerCertificateValidationCallback = (_, _, _, _) => true;
        await client.ConnectAsync("127.0.0.1", pop.Server.Port(listener), listener is "submission" or "imap" or "pop3" ? SecureSocketOptions.StartTls : SecureSocketOptions.SslOnConnect);
        return client;
    }
}
