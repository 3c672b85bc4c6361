using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Accounts.Credentials;
using MailPlus.Engine.Accounts.Sasl;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Engine.Tls;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Accounts.Sasl;

/// <summary>The mechanisms over real accounts; what frames them is tested with each protocol.</summary>
public sealed class SaslMechanismsTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly byte[] Binding = [1, 2, 3];

    // mail-rules 22
    [Fact]
    public async Task A_verifier_is_stored_with_the_password_and_SCRAM_signs_in_with_it()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var sasl = Mechanisms(system);
        var client = new ScramClient("admin", SystemUnderTest.Password);
        var said = await SayAsync(sasl, "SCRAM-SHA-256", Channel(), client.First(), first => client.Final(first), final => client.Trusts(final) ? [] : throw new InvalidOperationException("the server's signature is wrong"));
        Assert.Equal(SaslEnd.SignedIn, said.End);
        Assert.Equal("admin", said.Actor!.Name);

        await system.Accounts.SetPasswordAsync(Actor.Operator, said.Actor.Account!.Value, "Another-Good-1", None);
        var stale = new ScramClient("admin", SystemUnderTest.Password);
        Assert.Equal(RefusalKind.AuthenticationFailed, (await SayAsync(sasl, "SCRAM-SHA-256", Channel(), stale.First(), first => stale.Final(first))).Refusal!.Kind);
        var fresh = new ScramClient("admin@example.test", "Another-Good-1");
        Assert.Equal(SaslEnd.SignedIn, (await SayAsync(sasl, "scram-sha-256", Channel(), fresh.First(), first => fresh.Final(first), _ => [])).End);
    }

    // mail-rules 22
    [Fact]
    public async Task PLUS_signs_in_only_over_the_channel_it_is_bound_to()
    {
        await using var system = await SystemUnderTest.SetUpAsync(lab: true);
        var sasl = Mechanisms(system);
        Assert.Contains("SCRAM-SHA-256-PLUS", sasl.Offered(Bound()));
        Assert.DoesNotContain("SCRAM-SHA-256-PLUS", sasl.Offered(Channel()));

        const string Header = "p=tls-server-end-point,,";
        var right = new ScramClient("admin", SystemUnderTest.Password) { Header = Header, Binding = Binding };
        Assert.Equal(SaslEnd.SignedIn, (await SayAsync(sasl, "SCRAM-SHA-256-PLUS", Bound(), right.First(), first => right.Final(first), _ => [])).End);

        var relayed = new ScramClient("admin", SystemUnderTest.Password) { Header = Header, Binding = [1, 2, 4] };
        Assert.Equal(RefusalKind.AuthenticationFailed, (await SayAsync(sasl, "SCRAM-SHA-256-PLUS", Bound(), relayed.First(), first => relayed.Final(first))).Refusal!.Kind);

        var other = new ScramClient("admin", SystemUnderTest.Password) { Header = "p=tls-unique,,", Binding = Binding };
        Assert.Equal(SaslEnd.Malformed, (await SayAsync(sasl, "SCRAM-SHA-256-PLUS", Bound(), other.First())).End);
        Assert.Equal(SaslEnd.UnknownMechanism, (await SayAsync(sasl, "SCRAM-SHA-256-PLUS", Channel(), right.First())).End);
    }

    // mail-rules 22
    [Fact]
    public async Task A_client_that_was_not_shown_PLUS_is_refused()
    {
        await using var system = await SystemUnderTest.SetUpAsync(lab: true);
        var sasl = Mechanisms(system);
        var fooled = new ScramClient("admin", SystemUnderTest.Password) { Header = "y,," };
        Assert.Equal(SaslEnd.Refused, (await SayAsync(sasl, "SCRAM-SHA-256", Bound(), fooled.First())).End);
        Assert.Equal(SaslEnd.SignedIn, (await SayAsync(sasl, "SCRAM-SHA-256", Channel(), fooled.First(), first => fooled.Final(first), _ => [])).End);
    }

    [Fact]
    public async Task An_unknown_name_takes_the_same_steps_with_a_salt_that_stays()
    {
        await using var system = await SystemUnderTest.SetUpAsync(lab: true);
        var secret = await ScramSecret.LoadAsync(system.Database, None);
        Assert.Equal(secret.ToArray(), (await ScramSecret.LoadAsync(system.Database, None)).ToArray());
        var sasl = new SaslMechanisms(system.Authenticator) { Gate = system.Gate, ScramSecret = secret };
        var salts = new List<string>();
        foreach (var name in new[] { "nobody", "NOBODY", "nobody@example.test", "somebody", "nobody@elsewhere.test" })
        {
            var client = new ScramClient(name, "x");
            var end = await SayAsync(sasl, "SCRAM-SHA-256", Channel(), client.First(), first => client.Final(first));
            Assert.Equal(RefusalKind.AuthenticationFailed, end.Refusal!.Kind);
            salts.Add(client.Salt);
        }

        Assert.Equal(salts[0], salts[1]);
        Assert.Equal(salts[0], salts[2]);
        Assert.Equal(3, salts.Distinct().Count());

        var known = new ScramClient("admin", "x");
        var wrong = await SayAsync(sasl, "SCRAM-SHA-256", Channel(), known.First(), first => known.Final(first));
        Assert.Equal(RefusalKind.AuthenticationFailed, wrong.Refusal!.Kind);
        Assert.Equal(known.Salt.Length, salts[0].Length);
    }

    [Fact]
    public async Task A_deactivated_account_fails_at_the_last_step_like_a_wrong_password()
    {
        await using var system = await SystemUnderTest.SetUpAsync(lab: true);
        var kim = await system.AddAsync("kim@example.test");
        await system.Accounts.SetStateAsync(Actor.Operator, [kim.Id], AccountState.Deactivated, None);
        var client = new ScramClient("kim", SystemUnderTest.Password);
        Assert.Equal(RefusalKind.AuthenticationFailed, (await SayAsync(Mechanisms(system), "SCRAM-SHA-256", Channel(), client.First(), first => client.Final(first))).Refusal!.Kind);
    }

    [Theory]
    [InlineData("")]
    [InlineData("n,,")]
    [InlineData("n,,n=admin")]
    [InlineData("n,,m=x,n=admin,r=abc")]
    [InlineData("n,,n=,r=abc")]
    [InlineData("n,,n=a=b,r=abc")]
    [InlineData("n,,n=admin,r=")]
    [InlineData("n,,n=admin,r=a b")]
    [InlineData("p=tls-server-end-point,,n=admin,r=abc")]
    [InlineData("x,,n=admin,r=abc")]
    [InlineData("n,b=x,n=admin,r=abc")]
    [InlineData("\xff")]
    public async Task A_malformed_first_message_is_told(string message)
    {
        await using var system = await SystemUnderTest.SetUpAsync(lab: true);
        Assert.Equal(SaslEnd.Malformed, (await SayAsync(Mechanisms(system), "SCRAM-SHA-256", Channel(), Encoding.Latin1.GetBytes(message))).End);
    }

    [Theory]
    [InlineData("c=", "c=x", SaslEnd.Refused)]
    [InlineData(",p=", ",q=", SaslEnd.Malformed)]
    [InlineData(",p=", ",p=AA", SaslEnd.Malformed)]
    [InlineData(",r=", ",r=x", SaslEnd.Refused)]
    [InlineData("c=", "d=", SaslEnd.Malformed)]
    public async Task A_spoilt_final_message_never_signs_in(string part, string instead, SaslEnd expected)
    {
        await using var system = await SystemUnderTest.SetUpAsync(lab: true);
        var client = new ScramClient("admin", SystemUnderTest.Password);
        var end = await SayAsync(Mechanisms(system), "SCRAM-SHA-256", Channel(), client.First(), first => client.Final(first, message => Spoil(message, part, instead)));
        Assert.Equal(expected, end.End);
    }

    /// <summary>Once only: a proof in base64 may end in "c=" too.</summary>
    private static string Spoil(string message, string part, string instead)
    {
        var at = message.IndexOf(part, StringComparison.Ordinal);
        return message[..at] + instead + message[(at + part.Length)..];
    }

    // mail-rules 20
    [Fact]
    public async Task Nothing_is_offered_or_taken_without_TLS()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var clear = new SaslChannel("imap", IPAddress.Parse("192.0.2.1"));
        Assert.Empty(Mechanisms(system).Offered(clear));
        Assert.Equal(SaslEnd.NeedsTls, (await SayAsync(Mechanisms(system), "PLAIN", clear, "\0admin\0x"u8.ToArray())).End);
    }

    [Fact]
    public async Task EXTERNAL_signs_in_by_a_certificate_of_a_named_authority_only()
    {
        await using var system = await SystemUnderTest.SetUpAsync(lab: true);
        await system.AddAsync("kim@example.test");
        await system.AddAsync("lee@example.test");
        using var ours = Authority("CN=Ours");
        using var theirs = Authority("CN=Theirs");
        using var kim = Person(ours, "kim@example.test");
        var sasl = Mechanisms(system);
        Assert.DoesNotContain("EXTERNAL", sasl.Offered(Shown(kim)));

        await system.SettingsOperations.SaveAsync(
            Actor.Operator, null, settings => settings with { Security = new SecuritySettings { ClientAuthorities = [Convert.ToBase64String(ours.RawData)] } }, None);
        Assert.Contains("EXTERNAL", sasl.Offered(Shown(kim)));
        Assert.DoesNotContain("EXTERNAL", sasl.Offered(Channel()));
        Assert.Equal("kim", (await SayAsync(sasl, "EXTERNAL", Shown(kim), [])).Actor?.Name);
        Assert.Equal("kim", (await SayAsync(sasl, "EXTERNAL", Shown(kim), "kim@example.test"u8.ToArray())).Actor?.Name);
        Assert.Equal(RefusalKind.AuthenticationFailed, (await SayAsync(sasl, "EXTERNAL", Shown(kim), "lee"u8.ToArray())).Refusal!.Kind);

        using var stranger = Person(theirs, "kim@example.test");
        Assert.Equal(SaslEnd.UnknownMechanism, (await SayAsync(sasl, "EXTERNAL", Shown(stranger), [])).End);
        using var outsider = Person(ours, "kim@example.org");
        Assert.Equal(RefusalKind.AuthenticationFailed, (await SayAsync(sasl, "EXTERNAL", Shown(outsider), [])).Refusal!.Kind);
        using var both = Person(ours, "kim@example.test", "lee@example.test");
        Assert.Equal(RefusalKind.AuthenticationFailed, (await SayAsync(sasl, "EXTERNAL", Shown(both), [])).Refusal!.Kind);
        Assert.Equal("lee", (await SayAsync(sasl, "EXTERNAL", Shown(both), "lee@example.test"u8.ToArray())).Actor?.Name);
    }

    [Fact]
    public async Task Tokens_sign_in_where_somebody_checks_them()
    {
        await using var system = await SystemUnderTest.SetUpAsync(lab: true);
        await system.AddAsync("kim@example.test");
        Assert.DoesNotContain("OAUTHBEARER", Mechanisms(system).Offered(Channel()));
        var sasl = new SaslMechanisms(system.Authenticator) { Gate = system.Gate, ScramSecret = new byte[32], Tokens = new OneToken() };
        Assert.Contains("OAUTHBEARER", sasl.Offered(Channel()));

        Assert.Equal("kim", (await SayAsync(sasl, "OAUTHBEARER", Channel(), Bytes("n,a=kim@example.test,\x01host=h\x01port=143\x01" + "auth=Bearer good\x01\x01"))).Actor?.Name);
        Assert.Equal("kim", (await SayAsync(sasl, "OAUTHBEARER", Channel(), Bytes("n,,\x01" + "auth=bearer good\x01\x01"))).Actor?.Name);
        Assert.Equal("kim", (await SayAsync(sasl, "XOAUTH2", Channel(), Bytes("user=kim@example.test\x01" + "auth=Bearer good\x01\x01"))).Actor?.Name);

        foreach (var (mechanism, message) in new[]
        {
            ("OAUTHBEARER", "n,a=kim@example.test,\x01" + "auth=Bearer bad\x01\x01"),
            ("OAUTHBEARER", "n,a=admin,\x01" + "auth=Bearer good\x01\x01"),
            ("XOAUTH2", "user=admin\x01" + "auth=Bearer good\x01\x01"),
        })
        {
            var told = "";
            var end = await SayAsync(sasl, mechanism, Channel(), Bytes(message), challenge =>
            {
                told = Encoding.ASCII.GetString(challenge);
                return [1];
            });
            Assert.Equal("{\"status\":\"invalid_token\"}", told);
            Assert.Equal(RefusalKind.AuthenticationFailed, end.Refusal!.Kind);
        }

        Assert.Equal(SaslEnd.Malformed, (await SayAsync(sasl, "OAUTHBEARER", Channel(), Bytes("n,,\x01" + "auth=Basic good\x01\x01"))).End);
        Assert.Equal(SaslEnd.Malformed, (await SayAsync(sasl, "OAUTHBEARER", Channel(), Bytes("p=x,,\x01" + "auth=Bearer good\x01\x01"))).End);
        Assert.Equal(SaslEnd.Malformed, (await SayAsync(sasl, "XOAUTH2", Channel(), Bytes("auth=Bearer good\x01\x01"))).End);
    }

    [Fact]
    public async Task Failures_of_all_mechanisms_count_for_one_throttle()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var sasl = Mechanisms(system);
        var channel = new SaslChannel("smtp", IPAddress.Parse("203.0.113.9")) { IsProtected = true };
        for (var i = 0; i < system.Settings.Current.Security.LockoutFailures; i++)
        {
            var client = new ScramClient("admin", "wrong");
            var number = i;
            var failed = await system.HeldBackAsync(() => number % 2 == 0
                ? SayAsync(sasl, "SCRAM-SHA-256", channel, client.First(), first => client.Final(first))
                : SayAsync(sasl, "PLAIN", channel, "\0admin\0wrong"u8.ToArray()));
            Assert.Equal(RefusalKind.AuthenticationFailed, failed.Refusal!.Kind);
        }

        var right = new ScramClient("admin", SystemUnderTest.Password);
        Assert.Equal(RefusalKind.Throttled, (await SayAsync(sasl, "SCRAM-SHA-256", channel, right.First())).Refusal!.Kind);
        Assert.Equal(RefusalKind.Throttled, (await SayAsync(sasl, "PLAIN", channel, Bytes($"\0admin\0{SystemUnderTest.Password}"))).Refusal!.Kind);
    }

    private static SaslMechanisms Mechanisms(SystemUnderTest system) => new(system.Authenticator)
    {
        Gate = system.Gate, ScramSecret = new byte[32], Authorities = new ClientAuthorities(system.Settings, TimeProvider.System),
    };

    private static SaslChannel Channel() => new("imap", IPAddress.Loopback) { IsProtected = true };

    private static SaslChannel Bound() => Channel() with { EndPointBinding = Binding };

    private static SaslChannel Shown(X509Certificate2 certificate) => Channel() with { ClientCertificate = certificate };

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static Task<SaslOutcome> SayAsync(SaslMechanisms sasl, string mechanism, SaslChannel channel, byte[] initial, params Func<byte[], byte[]>[] answers)
    {
        var next = 0;
        return sasl.RunAsync(mechanism, initial.Length == 0 ? "=" : Convert.ToBase64String(initial), channel, (challenge, _) => new ValueTask<string?>(Convert.ToBase64String(answers[next++](Convert.FromBase64String(challenge)))), None).AsTask();
    }

    private static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
    }

    private static X509Certificate2 Person(X509Certificate2 authority, params string[] addresses)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=somebody", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var address in addresses)
        {
            names.AddEmailAddress(address);
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], false));
        var now = TimeProvider.System.GetUtcNow();
        return request.Create(authority, now.AddHours(-1), now.AddDays(10), RandomNumberGenerator.GetBytes(8));
    }

    private sealed class OneToken : ITokenCheck
    {
        public bool IsConfigured => true;

        public ValueTask<string?> CheckAsync(string token, CancellationToken cancellationToken) => new(token == "good" ? "kim@example.test" : null);
    }
}
