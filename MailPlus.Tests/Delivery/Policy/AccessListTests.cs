using System.Net;
using MailPlus.Engine.Events;
using MailPlus.Engine.Filtering.Policy;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Settings.Sections;
using Xunit;

namespace MailPlus.Tests.Delivery.Policy;

/// <summary>The black and white lists (DEL-060 to DEL-075, DEL-080 to DEL-083).</summary>
[Collection(PolicyTests.Name)]
public sealed class AccessListTests(SharedPolicyBench shared)
{
    private const string Client = "198.51.100.7";

    [Fact]
    public async Task DEL_B1_The_white_list_goes_before_the_black_list()
    {
        var bench = await OpenAsync([Black(AccessKind.Sender, "a@x.test")], []);
        Assert.StartsWith("550 5.7.1", (await bench.SendAsync(Client, "a@x.test", "bob@here.test"))[0]);
        bench.Set(settings => settings with { Access = settings.Access with { WhiteList = [White(AccessKind.Ip, Client)] } });
        Assert.All(await bench.SendAsync(Client, "a@x.test", "bob@here.test"), reply => Assert.StartsWith("250", reply));
    }

    [Fact]
    public async Task DEL_B2_Reject_is_told_at_RCPT_and_discard_is_told_to_nobody()
    {
        await using var bench = await PolicyBench.OpenAsync();
        var rules = new (AccessKind Kind, string Match)[]
        {
            (AccessKind.Sender, "a@x.test"), (AccessKind.Sender, "A@X.TEST"), (AccessKind.Recipient, "bob@*"), (AccessKind.Ip, Client), (AccessKind.Subnet, "198.51.100.0/24"),
        };
        foreach (var (kind, match) in rules)
        {
            bench.Set(settings => settings with { Access = new() { BlackList = [Black(kind, match)] } });
            Assert.StartsWith("550 5.7.1", Assert.Single(await bench.SendAsync(Client, "a@x.test", "bob@here.test")));
            bench.Set(settings => settings with { Access = new() { BlackList = [Black(kind, match, AccessAction.Discard)] } });
            Assert.All(await bench.SendAsync(Client, "a@x.test", "bob@here.test"), reply => Assert.StartsWith("250", reply));
        }

        await bench.Rig.SettleAsync();
        Assert.Empty(bench.Rig.Store.Inbox(2));
        Assert.Empty(bench.Rig.Happened.OfType<MessageAccepted>());
        Assert.Equal(rules.Length, bench.Rig.Happened.OfType<MessageRefused>().Count(refused => refused.Reply == "discarded by the black list: rule"));
    }

    [Fact]
    public async Task DEL_B3_Only_the_envelope_counts()
    {
        var bench = await OpenAsync([Black(AccessKind.Sender, "*@spam.example")], []);
        var client = await bench.GreetedAsync(Client);
        Assert.All(await client.SendAsync("c@ok.test", "From: b@spam.example\r\n\r\nx\r\n", "bob@here.test"), reply => Assert.StartsWith("250", reply));
        Assert.StartsWith("550 5.7.1", (await client.SendAsync("b@spam.example", "From: c@ok.test\r\n\r\nx\r\n", "bob@here.test"))[0]);
        Assert.All(await client.SendAsync("", "From: b@spam.example\r\n\r\nx\r\n", "bob@here.test"), reply => Assert.StartsWith("250", reply));
    }

    [Theory]
    [InlineData(AccessAction.Reject, "550")]
    [InlineData(AccessAction.Discard, "250")]
    public async Task DEL_B4_A_rule_by_recipient_touches_that_recipient_alone(AccessAction action, string code)
    {
        await using var bench = await PolicyBench.OpenAsync(settings => settings with { Access = new() { BlackList = [Black(AccessKind.Recipient, "ann@here.test", action)] } });
        Assert.Equal([code, "250", "250"], (await bench.SendAsync(Client, "a@x.test", "ann@here.test", "bob@here.test")).Select(reply => reply[..3]));
        await bench.Rig.SettleAsync();
        Assert.Empty(bench.Rig.Store.Inbox(1));
        Assert.Single(bench.Rig.Store.Inbox(2));
    }

    [Fact]
    public async Task DEL_B5_A_rule_that_is_off_does_nothing_and_stays()
    {
        var bench = await OpenAsync([Black(AccessKind.Sender, "a@x.test") with { Enabled = false }], []);
        Assert.All(await bench.SendAsync(Client, "a@x.test", "bob@here.test"), reply => Assert.StartsWith("250", reply));
        Assert.Single(bench.Rig.Settings.Current.Access.BlackList);
    }

    [Fact]
    public async Task DEL_B11_No_white_list_opens_a_relay()
    {
        var bench = await OpenAsync([], [White(AccessKind.Sender, "x@foreign.test"), White(AccessKind.Ip, Client), White(AccessKind.Recipient, "*"), White(AccessKind.Domain, "foreign.test")]);
        Assert.StartsWith("554 5.7.1", (await bench.SendAsync(Client, "x@foreign.test", "y@other.test"))[0]);
    }

    // DEL-081 to DEL-083: the table of the guide, complete.
    [Theory]
    [InlineData(AccessKind.Ip, true, true, true, true, true, true)]
    [InlineData(AccessKind.Subnet, true, true, false, true, true, true)]
    [InlineData(AccessKind.Sender, false, true, true, false, false, true)]
    [InlineData(AccessKind.Recipient, false, true, true, false, false, true)]
    [InlineData(AccessKind.Domain, false, true, true, true, true, true)]
    public void A_white_rule_skips_what_the_table_says(AccessKind kind, bool dnsbl, bool spf, bool antivirus, bool dkim, bool dmarc, bool restrictions)
    {
        var match = kind switch { AccessKind.Ip => Client, AccessKind.Subnet => "198.51.100.0/24", AccessKind.Sender => "a@x.test", AccessKind.Recipient => "bob@here.test", _ => "x.test" };
        var skipped = new AccessLists(new AccessSettings { WhiteList = [White(kind, match)] }).Skipped(new AccessQuestion(IPAddress.Parse(Client), EmailAddress.Parse("a@x.test"), EmailAddress.Parse("bob@here.test")));
        Assert.Equal(
            (dnsbl, spf, antivirus, dkim, dmarc, restrictions),
            (Has(SkippedTests.Dnsbl), Has(SkippedTests.Spf), Has(SkippedTests.Antivirus), Has(SkippedTests.Dkim), Has(SkippedTests.Dmarc), Has(SkippedTests.Restrictions)));

        bool Has(SkippedTests test) => skipped.HasFlag(test);
    }

    // DEL-080, DEL-083
    [Theory]
    [InlineData(AccessKind.Ip, Client)]
    [InlineData(AccessKind.Subnet, "198.51.100.0/24")]
    [InlineData(AccessKind.Sender, "*@nowhere.test")]
    [InlineData(AccessKind.Recipient, "bob@here.test")]
    [InlineData(AccessKind.Domain, "nowhere.test")]
    public async Task Every_white_rule_skips_the_checks_of_the_dialogue(AccessKind kind, string match)
    {
        var bench = await OpenAsync([Black(AccessKind.Sender, "*@nowhere.test")], []);
        bench.Set(settings => settings with { SmtpPolicy = new() { RejectUnknownClients = true, RejectUnknownHelo = true, RejectUnknownSenderDomains = true, RejectIncompleteHelo = true } });
        Assert.StartsWith("550", (await bench.SendAsync(Client, "x@nowhere.test", "bob@here.test"))[0]);
        bench.Set(settings => settings with { Access = settings.Access with { WhiteList = [White(kind, match)] } });
        Assert.StartsWith("250", (await bench.SendAsync(Client, "x@nowhere.test", "bob@here.test"))[0]);
    }

    // mail-rules 21
    [Theory]
    [InlineData(AccessKind.Sender, "ann@here.test")]
    [InlineData(AccessKind.Domain, "here.test")]
    public async Task A_white_sender_of_a_hosted_domain_counts_only_for_who_is_known(AccessKind kind, string match)
    {
        var bench = await OpenAsync([Black(AccessKind.Recipient, "bob@here.test")], [White(kind, match)]);
        Assert.StartsWith("550 5.7.1", (await bench.SendAsync(Client, "ann@here.test", "bob@here.test"))[0]);
        var ann = await bench.ConnectAsync(Client);
        await ann.SignInAsync();
        Assert.StartsWith("250", (await ann.SendAsync("ann@here.test", "From: ann@here.test\r\n\r\nx\r\n", "bob@here.test"))[0]);
    }

    [Theory]
    [InlineData("*", "", true)]
    [InlineData("a*c", "abc", true)]
    [InlineData("a*c", "ab", false)]
    [InlineData("*@spam.example", "b@spam.example", true)]
    [InlineData("*@spam.example", "b@spam.example.org", false)]
    [InlineData("*sale*@*.test", "big.sales@shop.test", true)]
    public void Wildcards_fit_the_whole_text(string pattern, string text, bool fits) => Assert.Equal(fits, Wildcards.Match(pattern, text));

    [Theory]
    [InlineData("Access.BlackList", """[{"name":"d","kind":"Domain","match":"x.test"}]""", "DomainRuleIsWhite")]
    [InlineData("Access.BlackList", """[{"name":"d","kind":"Ip","match":"x.test"}]""", "AddressMalformed")]
    [InlineData("Access.WhiteList", """[{"name":"d","kind":"Subnet","match":"10.0.0.0/99"}]""", "AddressMalformed")]
    [InlineData("Access.WhiteList", """[{"name":"d","kind":"Sender","match":"no address"}]""", "AddressPatternMalformed")]
    [InlineData("Access.WhiteList", """[{"name":"","kind":"Domain","match":"x.test"}]""", "RuleNameMissing")]
    [InlineData("Access.WhiteList", """[{"name":"d","kind":"Domain","match":"x.test"},{"name":"D","kind":"Domain","match":"y.test"}]""", "RuleTwice")]
    public void A_wrong_rule_is_refused(string setting, string json, string key)
    {
        var catalog = new SettingsCatalog();
        Assert.Contains(catalog.Validate(catalog.Write(new SettingsSnapshot(), setting, json)), refusal => refusal.TextKey == key && refusal.Field == setting);
    }

    [Theory]
    [InlineData("[{}")]
    [InlineData("[null]")]
    [InlineData("""[{"name":null}]""")]
    [InlineData("""[{"name":"a","sort":"Ip"}]""")]
    [InlineData("""{"name":"a"}""")]
    public void What_is_no_list_of_rules_is_refused(string json) =>
        Assert.Equal("SettingMalformed", Assert.Throws<RefusedException>(() => new SettingsCatalog().Write(new SettingsSnapshot(), "Access.BlackList", json)).Refusal.TextKey);

    [Fact]
    public void A_thousand_rules_are_read_back_as_they_were_written()
    {
        var catalog = new SettingsCatalog();
        var rules = Enumerable.Range(0, 1000).Select(n => Black(AccessKind.Sender, $"u{n}@한글.test") with { Name = $"규칙 {n}" }).ToList();
        var written = catalog.Read(new SettingsSnapshot { Access = new() { BlackList = rules } }, "Access.BlackList")!;
        var read = catalog.Write(new SettingsSnapshot(), "Access.BlackList", written);
        Assert.Equal(rules, read.Access.BlackList);
        Assert.Empty(catalog.Validate(read));
    }

    private static AccessRule Black(AccessKind kind, string match, AccessAction action = AccessAction.Reject) => new() { Name = "rule", Kind = kind, Match = match, Action = action };

    private static AccessRule White(AccessKind kind, string match) => new() { Name = $"{kind} {match}", Kind = kind, Match = match };

    private Task<PolicyBench> OpenAsync(IReadOnlyList<AccessRule> black, IReadOnlyList<AccessRule> white) => shared.UseAsync(settings => settings with { Access = new() { BlackList = black, WhiteList = white } });
}
