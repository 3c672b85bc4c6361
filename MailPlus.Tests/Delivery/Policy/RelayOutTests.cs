using MailPlus.Engine.Settings;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Tests.Smtp.Client;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Delivery.Policy;

/// <summary>Mail on its way out: a relay host for all, rules by recipient and by sender, TLS and credentials (DEL-120, DEL-130 to DEL-135, DEL-140 to DEL-147; mail-rules 20); external postmasters (DEL-020 to DEL-022).</summary>
[Collection(PolicyTests.Name)]
public sealed class RelayOutTests(SharedPolicyBench shared)
{
    private const string Stranger = "198.51.100.7";

    [Fact]
    public async Task DEL_B24_A_relay_that_must_have_TLS_gets_nothing_without_it()
    {
        await using var clear = new ScriptedSmtpServer();
        await using var bench = await PolicyBench.OpenAsync(settings => settings with { Delivery = Through(clear) with { RelaySecurity = RelaySecurity.StartTlsRequired } });
        await bench.Rig.SendAsync("ann@here.test", "From: ann@here.test\r\n\r\nx\r\n", DeliveryRig.Submission(1), "y@other.test");
        await bench.Rig.SettleAsync(left: 1);
        Assert.DoesNotContain(clear.Commands, command => command.StartsWith("MAIL", StringComparison.Ordinal));
        bench.Set(settings => settings with { Delivery = Through(clear) });
        await bench.Rig.SendAsync("ann@here.test", "From: ann@here.test\r\n\r\nx\r\n", DeliveryRig.Submission(1), "z@other.test");
        await Eventually.TrueAsync(() => Task.FromResult(clear.Messages.Count == 1), () => "the second message went in clear text");
    }

    [Fact]
    public async Task DEL_B25_A_rule_by_recipient_goes_before_one_by_sender_and_both_before_the_relay_of_all_mail()
    {
        await using var r0 = new ScriptedSmtpServer();
        await using var r1 = new ScriptedSmtpServer();
        await using var r2 = new ScriptedSmtpServer();
        await using var bench = await PolicyBench.OpenAsync(settings => settings with
        {
            Delivery = Through(r0) with { RelayRules = [Rule("R2", RelayBy.Sender, r2, "ann@here.test"), Rule("R1", RelayBy.Recipient, r1, "b.test")] },
        });
        await bench.Rig.SendAsync("ann@here.test", "From: ann@here.test\r\nSubject: first\r\n\r\nx\r\n", DeliveryRig.Submission(1), "x@b.test", "y@c.test");
        await bench.Rig.SendAsync("bob@here.test", "From: bob@here.test\r\nSubject: second\r\n\r\nx\r\n", DeliveryRig.Submission(2), "y@c.test");
        await bench.Rig.SettleAsync();
        Assert.Equal(["RCPT TO:<x@b.test>"], Recipients(r1));
        Assert.Equal(["RCPT TO:<y@c.test>"], Recipients(r2));
        Assert.Equal(["RCPT TO:<y@c.test>"], Recipients(r0));
        Assert.Contains("second", Assert.Single(r0.Messages), StringComparison.Ordinal);
    }

    // DEL-131, DEL-145
    [Fact]
    public async Task A_rule_for_an_address_goes_before_one_for_its_domain_and_other_mail_leaves_by_MX()
    {
        await using var mx = new ScriptedSmtpServer();
        await using var ofDomain = new ScriptedSmtpServer();
        await using var ofAddress = new ScriptedSmtpServer();
        await using var bench = await PolicyBench.OpenAsync(settings => settings with
        {
            Delivery = new() { RemotePort = mx.EndPoint.Port, RelayRules = [Rule("domain", RelayBy.Recipient, ofDomain, "b.test"), Rule("address", RelayBy.Recipient, ofAddress, "Boss@b.test")] },
        });
        bench.Rig.Resolver.With("far.test", (10, "mx.far.test"));
        await bench.Rig.SendAsync("ann@here.test", "From: ann@here.test\r\n\r\nx\r\n", DeliveryRig.Submission(1), "boss@b.test", "staff@b.test", "u@far.test");
        await bench.Rig.SettleAsync();
        Assert.Equal(["RCPT TO:<boss@b.test>"], Recipients(ofAddress));
        Assert.Equal(["RCPT TO:<staff@b.test>"], Recipients(ofDomain));
        Assert.Equal(["RCPT TO:<u@far.test>"], Recipients(mx));
    }

    // DEL-134, DEL-135, DEL-146, mail-rules 20
    [Theory]
    [InlineData(RelaySecurity.StartTls)]
    [InlineData(RelaySecurity.StartTlsRequired)]
    public async Task A_rule_has_credentials_of_its_own_that_never_go_in_clear_text(RelaySecurity security)
    {
        await using var clear = new ScriptedSmtpServer { Extensions = ["AUTH PLAIN LOGIN"] };
        await using var bench = await PolicyBench.OpenAsync(settings => settings with
        {
            Delivery = new() { RelayRules = [Rule("R", RelayBy.Recipient, clear, "b.test") with { User = "u", Password = "p", Security = security }] },
        });
        await bench.Rig.SendAsync("ann@here.test", "From: ann@here.test\r\n\r\nx\r\n", DeliveryRig.Submission(1), "x@b.test");
        await bench.Rig.SettleAsync(left: 1);
        Assert.DoesNotContain(clear.Commands, command => command.StartsWith("AUTH", StringComparison.Ordinal) || command.StartsWith("MAIL", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(RelaySecurity.None, true)]
    [InlineData(RelaySecurity.StartTls, false)]
    public async Task A_password_without_proven_TLS_cannot_be_saved(RelaySecurity security, bool verify)
    {
        var bench = await shared.UseAsync();
        var rule = new RelayRule { Name = "R", Host = "relay.test", Targets = ["b.test"], User = "u", Password = "p", Security = security, VerifyCertificate = verify };
        Assert.Contains("RelayPasswordNeedsTls", Assert.Throws<InvalidOperationException>(() => bench.Set(settings => settings with { Delivery = new() { RelayRules = [rule] } })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_password_of_a_rule_is_never_shown_and_its_mask_keeps_it()
    {
        var catalog = new SettingsCatalog();
        var set = new SettingsSnapshot { Delivery = new() { RelayRules = [new() { Name = "R", Host = "relay.test", Targets = ["b.test"], User = "u", Password = "geheim" }] } };
        var shown = catalog.Read(set, "Delivery.RelayRules")!;
        Assert.DoesNotContain("geheim", shown, StringComparison.Ordinal);
        Assert.Contains(SettingsCatalog.SecretMask, shown, StringComparison.Ordinal);
        Assert.Equal("geheim", catalog.Write(set, "Delivery.RelayRules", shown).Delivery.RelayRules[0].Password);
        Assert.Equal("", catalog.Write(set, "Delivery.RelayRules", shown.Replace("\"R\"", "\"other\"", StringComparison.Ordinal)).Delivery.RelayRules[0].Password);
        Assert.DoesNotContain(catalog.Compare(new SettingsSnapshot(), set), one => one.After.Contains("geheim", StringComparison.Ordinal));
    }

    [Fact]
    public async Task DEL_B28_System_mails_of_other_servers_go_to_the_external_postmasters()
    {
        await using var relay = new ScriptedSmtpServer();
        await using var bench = await PolicyBench.OpenAsync(settings => settings with { Delivery = Through(relay) with { ExternalPostmasterEnabled = true, ExternalPostmasters = ["p@out.test", "q@out.test"] } });
        string[] names = ["postmaster@here.test", "mailer-daemon@here.test", "MAILER-DAEMON@mail.here.test"];
        foreach (var (recipient, sent) in names.Select((name, at) => (name, at + 1)))
        {
            Assert.All(await bench.SendAsync(Stranger, "", recipient), reply => Assert.StartsWith("250", reply));
            await bench.Rig.SettleAsync();
            Assert.Equal(
                [.. Enumerable.Repeat("RCPT TO:<p@out.test>", sent), .. Enumerable.Repeat("RCPT TO:<q@out.test>", sent)],
                Recipients(relay).Order(StringComparer.Ordinal).Select(command => command.Split(" NOTIFY")[0]));
        }

        Assert.All(relay.Commands.Where(command => command.StartsWith("MAIL", StringComparison.Ordinal)), command => Assert.StartsWith("MAIL FROM:<>", command, StringComparison.Ordinal));
        Assert.Empty(bench.Rig.Store.Inbox(1));
    }

    [Fact]
    public async Task Mail_of_people_to_the_postmaster_stays_here_and_without_external_postmasters_all_of_it_does()
    {
        await using var relay = new ScriptedSmtpServer();
        await using var bench = await PolicyBench.OpenAsync(settings => settings with { Delivery = Through(relay) with { ExternalPostmasterEnabled = true, ExternalPostmasters = ["p@out.test"] } });
        Assert.All(await bench.SendAsync(Stranger, "x@example.net", "postmaster@here.test"), reply => Assert.StartsWith("250", reply));
        bench.Set(settings => settings with { Delivery = settings.Delivery with { ExternalPostmasterEnabled = false } });
        Assert.All(await bench.SendAsync(Stranger, "", "postmaster@here.test"), reply => Assert.StartsWith("250", reply));
        Assert.StartsWith("550 5.1.1", (await bench.SendAsync(Stranger, "", "mailer-daemon@here.test"))[0]);
        await bench.Rig.SettleAsync();
        Assert.Equal(2, bench.Rig.Store.Inbox(1).Count);
        Assert.Empty(relay.Messages);
        Assert.Throws<InvalidOperationException>(() => bench.Set(settings => settings with { Delivery = settings.Delivery with { ExternalPostmasterEnabled = true, ExternalPostmasters = [] } }));
    }

    private static DeliverySettings Through(ScriptedSmtpServer server) => new() { RelayHost = "127.0.0.1", RelayPort = server.EndPoint.Port };

    private static RelayRule Rule(string name, RelayBy by, ScriptedSmtpServer server, params string[] targets) => new() { Name = name, By = by, Host = "127.0.0.1", Port = server.EndPoint.Port, Targets = targets };

    private static IEnumerable<string> Recipients(ScriptedSmtpServer server) => server.Commands.Where(command => command.StartsWith("RCPT", StringComparison.Ordinal));
}
