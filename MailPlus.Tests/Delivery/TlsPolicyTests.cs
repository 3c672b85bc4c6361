using System.Net;
using MailPlus.Engine.Delivery.Remote;
using MailPlus.Engine.Events;
using MailPlus.Engine.Resolver;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Engine.Smtp.Client;
using MailPlus.Tests.Smtp.Client;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Delivery;

/// <summary>DANE on the way out (RFC 7672), against a scripted server.</summary>
public sealed class TlsPolicyTests : IDisposable
{
    private readonly TestAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task A_server_with_the_published_key_gets_the_mail_whatever_its_name()
    {
        await using var server = Server("somebody.else.test");
        await using var rig = await OpenAsync(server);
        rig.Resolver.WithSigned("far.test", (10, "mx.far.test"));
        Publish(rig, server, "mx.far.test", DaneMatchTests.Record(3, 1, 1, server.Certificate!));
        await SendAsync(rig);
        await rig.SettleAsync();
        Assert.Single(server.Messages);
        Assert.Equal("mx.far.test", Assert.Single(server.ServerNames));
    }

    [Fact]
    public async Task A_server_with_another_key_does_not_get_the_mail()
    {
        await using var server = Server("mx.far.test");
        await using var rig = await OpenAsync(server);
        rig.Resolver.WithSigned("far.test", (10, "mx.far.test"));
        Publish(rig, server, "mx.far.test", DaneMatchTests.Record(3, 1, 1, _authority.Issue("mx.far.test")));
        await DeferredAsync(rig, server, "the certificate did not verify, but DANE demands it");
    }

    [Theory]
    [InlineData("mx.far.test", true)]
    [InlineData("far.test", true)]
    [InlineData("mx.other.test", false)]
    public async Task Under_a_pinned_issuer_the_name_is_checked(string name, bool taken)
    {
        await using var server = Server(name);
        await using var rig = await OpenAsync(server);
        rig.Resolver.WithSigned("far.test", (10, "mx.far.test"));
        Publish(rig, server, "mx.far.test", DaneMatchTests.Record(2, 0, 1, _authority.Intermediate));
        if (taken)
        {
            await SendAsync(rig);
            await rig.SettleAsync();
            Assert.Single(server.Messages);
        }
        else
        {
            await DeferredAsync(rig, server, "the certificate is for another name, but DANE demands it");
        }
    }

    [Fact]
    public async Task No_clear_text_to_a_server_that_has_TLSA_records()
    {
        await using var server = new ScriptedSmtpServer { Extensions = ["SIZE"] };
        await using var rig = await OpenAsync(server);
        rig.Resolver.WithSigned("far.test", (10, "mx.far.test"));
        Publish(rig, server, "mx.far.test", DaneMatchTests.Record(3, 1, 1, _authority.Root));
        await DeferredAsync(rig, server, "does not offer STARTTLS, but DANE demands it");
    }

    [Fact]
    public async Task Records_of_no_use_still_demand_TLS()
    {
        await using var server = Server("somebody.else.test");
        await using var clear = new ScriptedSmtpServer { Extensions = [] };
        await using var rig = await OpenAsync(server);
        rig.Resolver.WithSigned("far.test", (10, "mx.far.test"));
        Publish(rig, server, "mx.far.test", DaneMatchTests.Record(1, 1, 1, _authority.Root)); // PKIX-EE is none of SMTP's
        await SendAsync(rig);
        await rig.SettleAsync();
        Assert.Single(server.Messages);
        Assert.Contains("STARTTLS", server.Commands);

        rig.Settings.Set(rig.Settings.Current with { Delivery = new DeliverySettings { RemotePort = clear.EndPoint.Port } });
        Publish(rig, clear, "mx.far.test", DaneMatchTests.Record(1, 1, 1, _authority.Root));
        await DeferredAsync(rig, clear, "does not offer STARTTLS, but DANE demands it");
    }

    // mail-rules 36
    [Fact]
    public async Task Records_that_cannot_be_looked_up_keep_the_mail_from_that_server_only()
    {
        await using var server = Server("mx.far.test");
        await using var rig = await OpenAsync(server);
        rig.Resolver.WithSigned("far.test", (10, "bogus.far.test"));
        rig.Resolver.Tlsa[Name(server, "bogus.far.test")] = new(DnsStatus.TemporaryFailure, []) { Detail = "SERVFAIL" };
        await DeferredAsync(rig, server, $"DNS look-up of TLSA {Name(server, "bogus.far.test")} failed: SERVFAIL");
        Assert.Equal(0, server.Connections);

        rig.Resolver.WithSigned("near.test", (10, "bogus.far.test"), (20, "mx.near.test"));
        await SendAsync(rig, "a@near.test");
        await rig.SettleAsync(left: 1);
        Assert.Single(server.Messages);
    }

    [Fact]
    public async Task Unsigned_answers_make_no_policy()
    {
        await using var server = Server("somebody.else.test");
        await using var rig = await OpenAsync(server);
        var wrong = DaneMatchTests.Record(3, 1, 1, _authority.Root);
        rig.Resolver.WithSigned("mx-unsigned.test", (10, "a.test"));
        rig.Resolver.Mx["mx-unsigned.test"] = rig.Resolver.Mx["mx-unsigned.test"] with { IsSecure = false };
        rig.Resolver.WithSigned("host-unsigned.test", (10, "b.test"));
        rig.Resolver.Addresses["b.test"] = rig.Resolver.Addresses["b.test"] with { IsSecure = false };
        rig.Resolver.WithSigned("tlsa-unsigned.test", (10, "c.test"));
        foreach (var host in new[] { "a.test", "b.test", "c.test" })
        {
            Publish(rig, server, host, wrong);
        }

        rig.Resolver.Tlsa[Name(server, "c.test")] = rig.Resolver.Tlsa[Name(server, "c.test")] with { IsSecure = false };
        await SendAsync(rig, "a@mx-unsigned.test", "a@host-unsigned.test", "a@tlsa-unsigned.test");
        await rig.SettleAsync();
        Assert.Equal(3, server.Messages.Count);
    }

    [Fact]
    public async Task A_domain_without_MX_is_held_to_its_own_records()
    {
        await using var server = Server("host.test");
        await using var rig = await OpenAsync(server);
        rig.Resolver.Mx["host.test"] = new(DnsStatus.NoData, []) { IsSecure = true };
        rig.Resolver.Addresses["host.test"] = new(DnsStatus.Found, [IPAddress.Loopback]) { IsSecure = true };
        Publish(rig, server, "host.test", DaneMatchTests.Record(3, 1, 1, _authority.Root));
        await DeferredAsync(rig, server, "but DANE demands it", "a@host.test");
    }

    [Theory]
    [InlineData(true, "real.test")] // the whole way is signed: where it leads comes first
    [InlineData(false, "mx.far.test")] // only the alias is signed
    public async Task Aliases_lead_to_the_records_as_far_as_they_are_signed(bool signedTarget, string holder)
    {
        await using var server = Server("x.test");
        await using var rig = await OpenAsync(server);
        rig.Resolver.WithSigned("far.test", (10, "mx.far.test"));
        rig.Resolver.Addresses["mx.far.test"] = new(DnsStatus.Found, [IPAddress.Loopback]) { IsSecure = signedTarget, CanonicalName = "real.test" };
        rig.Resolver.Aliases["mx.far.test"] = new(DnsStatus.Found, ["real.test"]) { IsSecure = true };
        Publish(rig, server, "real.test", DaneMatchTests.Record(3, 1, 1, holder == "real.test" ? server.Certificate! : _authority.Root));
        Publish(rig, server, "mx.far.test", DaneMatchTests.Record(3, 1, 1, holder == "mx.far.test" ? server.Certificate! : _authority.Root));
        await SendAsync(rig);
        await rig.SettleAsync();
        Assert.Single(server.Messages);
        Assert.Equal(holder, Assert.Single(server.ServerNames));
    }

    [Fact]
    public async Task A_message_that_demands_proof_goes_only_where_there_is_any()
    {
        var resolver = new FakeResolver().WithSigned("signed.test", (10, "mx.signed.test")).With("plain.test", (10, "mx.plain.test"));
        var policy = new TlsPolicy(resolver, null);
        var signed = await policy.ForHostAsync(new TlsDestination("signed.test", true, TlsDemand.Authenticated), "mx.signed.test", resolver.Addresses["mx.signed.test"], 25, default);
        Assert.Equal((SmtpClientTls.Required, PeerAuthority.WebPki, true), (signed.Tls, signed.Proof.Authority, signed.Proof.IsEnforced));
        var plain = await policy.ForHostAsync(new TlsDestination("plain.test", false, TlsDemand.Authenticated), "mx.plain.test", resolver.Addresses["mx.plain.test"], 25, default);
        Assert.NotNull(plain.Refusal);

        resolver.WithTlsa("_25._tcp.mx.signed.test", DaneMatchTests.Record(3, 1, 1, _authority.Root));
        var dane = await policy.ForHostAsync(new TlsDestination("signed.test", true, TlsDemand.Authenticated), "mx.signed.test", resolver.Addresses["mx.signed.test"], 25, default);
        Assert.Equal(PeerAuthority.Dane, dane.Proof.Authority);
        var waived = await policy.ForHostAsync(new TlsDestination("signed.test", true, TlsDemand.Waived), "mx.signed.test", resolver.Addresses["mx.signed.test"], 25, default);
        Assert.Equal(HostTls.Opportunistic, waived);
    }

    private static string Name(ScriptedSmtpServer server, string host) => $"_{server.EndPoint.Port}._tcp.{host}";

    private static void Publish(DeliveryRig rig, ScriptedSmtpServer server, string host, TlsaRecord record) => rig.Resolver.WithTlsa(Name(server, host), record);

    private static async Task<DeliveryRig> OpenAsync(ScriptedSmtpServer server)
    {
        var rig = await DeliveryRig.OpenAsync();
        rig.Settings.Set(rig.Settings.Current with { Delivery = new DeliverySettings { RemotePort = server.EndPoint.Port } });
        return rig;
    }

    private static Task SendAsync(DeliveryRig rig, params string[] recipients) =>
        rig.SendAsync("bob@here.test", "Subject: out\r\n\r\nbody\r\n", DeliveryRig.Submission(2), recipients.Length > 0 ? recipients : ["a@far.test"]);

    private static async Task DeferredAsync(DeliveryRig rig, ScriptedSmtpServer server, string reason, string recipient = "a@far.test")
    {
        await SendAsync(rig, recipient);
        await rig.SettleAsync(left: 1);
        var attempt = rig.Happened.OfType<RecipientAttempted>().Last();
        Assert.Equal(DeliveryResult.Deferred, attempt.Result);
        Assert.StartsWith("4.7.5 ", attempt.Reply, StringComparison.Ordinal);
        Assert.Contains(reason, attempt.Reply, StringComparison.Ordinal);
        Assert.Empty(server.Messages);
    }

    private ScriptedSmtpServer Server(string name) => new() { Certificate = _authority.Issue(name), Chain = [_authority.Intermediate], Extensions = ["STARTTLS"] };
}
