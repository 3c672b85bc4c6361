using System.Globalization;
using System.Net;
using MailPlus.Engine.Delivery.Remote.Sts;
using MailPlus.Engine.Domains;
using MailPlus.Engine.Monitoring;
using MailPlus.Engine.Monitoring.DnsChecks;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Resolver;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Tests.Delivery;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Domains;

/// <summary>What the checker says about DNS, against a DNS server whose records the test sets: everything wrong is told, and what is advised mends it.</summary>
public sealed class DnsCheckTests
{
    private const string PublicAddress = "198.51.100.7";
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task An_empty_zone_is_told_record_by_record_and_publishing_what_is_advised_makes_all_good()
    {
        using var zone = TestZone.Start();
        await using var house = await OpenAsync(zone);
        await house.Engine.Dkim.EnableAsync(Actor.Operator, house.Domain, true, None);
        await house.Engine.Domains.UpdateAsync(Actor.Operator, house.Domain, new DomainChange { Additional = [DomainName.Parse("d.example")] }, None);
        var report = await house.Engine.Dns.ExamineAsync(Actor.Operator, house.Domain, None);
        Assert.Equal(
            ["AddressMissing", "AutoconfigMissing", "CaaMissing", "DkimMissing", "DmarcMissing", "MxMissing", "SpfMissing", "SrvMissing", "StsMissing", "TlsaMissing"],
            report.Checks.Select(check => check.TextKey).Distinct().Order(StringComparer.Ordinal));
        Assert.All(report.Checks, check => Assert.NotEmpty(check.Publish));
        Assert.Equal(["d.example", "d.test"], report.Checks.Where(check => check.Subject == DnsSubject.Mx).Select(check => check.Name).Order(StringComparer.Ordinal));

        for (var round = 0; round < 3; round++)
        {
            Publish(zone, (await house.Engine.Dns.ExamineAsync(Actor.Operator, house.Domain, None)).Checks.Where(check => check.TextKey != "DmarcNone").SelectMany(check => check.Publish));
        }

        zone.Signed("d.test");
        report = await house.Engine.Dns.ExamineAsync(Actor.Operator, house.Domain, None);
        Assert.Equal(
            ["AddressGood", "AutoconfigGood", "CaaGood", "DkimGood", "DmarcNone", "MxGood", "PointerGood", "SpfGood", "SrvGood", "StsUnreachable", "TlsaGood"],
            report.Checks.Select(check => check.TextKey).Distinct().Order(StringComparer.Ordinal)); // a policy of MTA-STS is more than a record
        Assert.All(report.Checks.Where(check => check.Subject != DnsSubject.MtaSts), check => Assert.Equal(Health.Good, check.Health));
    }

    [Fact]
    public async Task What_is_wrong_is_told_apart_and_the_record_that_mends_it_keeps_what_is_there()
    {
        using var zone = TestZone.Start();
        await using var house = await OpenAsync(zone);
        zone.A("mail.d.test", PublicAddress);
        await house.Engine.Dkim.EnableAsync(Actor.Operator, house.Domain, true, None);

        await MustSayAsync(house, DnsSubject.Pointer, "PointerMissing", "7.100.51.198.in-addr.arpa PTR mail.d.test");
        zone.Ptr(PublicAddress, "pool-7.isp.test");
        await MustSayAsync(house, DnsSubject.Pointer, "PointerOther", "7.100.51.198.in-addr.arpa PTR mail.d.test");

        zone.Mx("d.test", ".", 0);
        await MustSayAsync(house, DnsSubject.Mx, "MxNull", "d.test MX 10 mail.d.test");
        zone.Without("d.test").Mx("d.test", "mx.other.test");
        await MustSayAsync(house, DnsSubject.Mx, "MxElsewhere", "d.test MX 10 mail.d.test");
        zone.Without("d.test").Mx("d.test", "mail.d.test");
        zone.Without("mail.d.test").A("host.d.test", PublicAddress).CName("mail.d.test", "host.d.test");
        await MustSayAsync(house, DnsSubject.Mx, "MxAlias");
        zone.Without("mail.d.test").A("mail.d.test", "10.0.0.7");
        await MustSayAsync(house, DnsSubject.Address, "AddressPrivate", "mail.d.test A ");
        zone.Without("mail.d.test").A("mail.d.test", PublicAddress);

        zone.Txt("d.test", "v=spf1 include:one.test ~all").Txt("d.test", "v=spf1 ip4:192.0.2.1 -all").Txt("d.test", "site-verification=1");
        await MustSayAsync(house, DnsSubject.Spf, "SpfSeveral", "d.test TXT v=spf1 include:one.test ip4:192.0.2.1 -all");
        Spf("v=spf1 ip4:192.0.2.1 -all");
        await MustSayAsync(house, DnsSubject.Spf, "SpfExcludes", "d.test TXT v=spf1 a:mail.d.test ip4:192.0.2.1 -all");
        Spf("v=spf1 ip4:300.0.2.1 -all");
        await MustSayAsync(house, DnsSubject.Spf, "SpfBroken", "d.test TXT v=spf1 mx ~all");
        Spf("v=spf1 mx +all");
        await MustSayAsync(house, DnsSubject.Spf, "SpfOpen", "d.test TXT v=spf1 mx ~all");
        Spf("v=spf1 mx -all");
        await MustSayAsync(house, DnsSubject.Spf, "SpfGood");
        await house.SetAsync(settings => settings with { Delivery = settings.Delivery with { RelayHost = "relay.isp.test" } });
        await MustSayAsync(house, DnsSubject.Spf, "SpfRelay");

        var key = (await house.Engine.Dkim.GetAsync(Actor.Operator, house.Domain, None)).Keys[0];
        zone.Txt(key.Records[0].Name, "v=DKIM1; k=rsa; p=QUJD");
        await MustSayAsync(house, DnsSubject.Dkim, "DkimOther", $"{key.Records[0].Name} TXT {key.Records[0].Value}");
        await house.Engine.Dkim.EnableAsync(Actor.Operator, house.Domain, false, None);
        await MustSayAsync(house, DnsSubject.Dkim, "DkimOff");

        zone.Txt("_dmarc.d.test", "v=DMARC1; p=sometimes");
        await MustSayAsync(house, DnsSubject.Dmarc, "DmarcBroken", "_dmarc.d.test TXT v=DMARC1; p=none; rua=mailto:postmaster@d.test");
        zone.Without("_dmarc.d.test").Txt("_dmarc.d.test", "v=DMARC1; p=reject");
        await MustSayAsync(house, DnsSubject.Dmarc, "DmarcGood");

        zone.Txt("_mta-sts.d.test", "v=STSv1; id=not good;");
        Assert.Equal("StsBroken", (await FindAsync(house, DnsSubject.MtaSts)).TextKey);

        zone.Tlsa("_25._tcp.mail.d.test", 3, 1, 1, new byte[32]);
        var tlsa = await FindAsync(house, DnsSubject.Tlsa);
        Assert.Equal(("TlsaStale", Health.Problem), (tlsa.TextKey, tlsa.Health));
        Publish(zone, tlsa.Publish);
        await MustSayAsync(house, DnsSubject.Tlsa, "TlsaUnsigned");

        zone.A("autoconfig.d.test", "203.0.113.9");
        await MustSayAsync(house, DnsSubject.Autoconfig, "AutoconfigElsewhere", "autoconfig.d.test CNAME mail.d.test");
        zone.Srv("_submissions._tcp.d.test", 0, 1, 465, "old.d.test");
        await MustSayAsync(house, DnsSubject.Srv, "SrvOther", "_submissions._tcp.d.test SRV 0 1 465 mail.d.test");

        void Spf(string policy) => zone.Without("d.test").Mx("d.test", "mail.d.test").Txt("d.test", policy);
    }

    [Fact]
    public async Task Changes_are_remembered_with_what_was_there_before_and_silence_of_DNS_is_none()
    {
        using var zone = TestZone.Start();
        await using var house = await OpenAsync(zone);
        zone.A("mail.d.test", PublicAddress).Mx("d.test", "old.d.test");
        await house.Engine.Dns.ExamineAsync(Actor.Operator, house.Domain, None);
        await house.Engine.Dns.ExamineAsync(Actor.Operator, house.Domain, None);
        var first = Assert.Single(await MxChangesAsync());
        Assert.Null(first.Before);
        Assert.Equal(["10 old.d.test"], first.Now);

        zone.Without("d.test").Mx("d.test", "mail.d.test");
        await house.Engine.Dns.WatchAsync(None);
        var changes = await MxChangesAsync();
        Assert.Equal(2, changes.Count);
        Assert.Equal(["10 old.d.test"], changes[0].Before);
        Assert.Equal(["10 mail.d.test"], changes[0].Now);

        zone.Fails("d.test");
        var report = await house.Engine.Dns.ExamineAsync(Actor.Operator, house.Domain, None);
        Assert.All(report.Checks.Where(check => check.Subject == DnsSubject.Mx), check => Assert.Equal(("Unanswered", Health.Warning), (check.TextKey, check.Health)));
        Assert.Equal(2, (await MxChangesAsync()).Count);
        await Refused.ByAsync(RefusalKind.NotAllowed, () => house.Engine.Dns.ExamineAsync(Actor.ForAccount(new AccountId(1), "x", false), house.Domain, None));
        await Refused.ByAsync(RefusalKind.NotAllowed, () => house.Engine.Dns.HistoryAsync(Actor.ForAccount(new AccountId(1), "x", false), house.Domain, 10, None));
        await Refused.ByAsync(RefusalKind.NotFound, () => house.Engine.Dns.ExamineAsync(Actor.Operator, new DomainId(99), None));

        async Task<List<DnsChange>> MxChangesAsync() => [.. (await house.Engine.Dns.HistoryAsync(Actor.Operator, house.Domain, 100, None)).Where(change => change.Type == "MX")];
    }

    [Fact]
    public async Task The_doctor_says_the_same_with_the_records_to_publish()
    {
        using var zone = TestZone.Start();
        await using var house = await OpenAsync(zone);
        zone.A("mail.d.test", PublicAddress);
        var found = (await house.Engine.Doctor.ExamineAsync(Actor.Operator, None)).Where(diagnosis => diagnosis.Area == "dns").ToList();
        Assert.Contains(found, diagnosis => diagnosis.Health == Health.Problem && diagnosis.Text == "d.test has no MX record. Publish: d.test MX 10 mail.d.test.");
        Assert.Contains(found, diagnosis => diagnosis.Health == Health.Warning && diagnosis.Text.EndsWith("Publish: d.test TXT v=spf1 mx ~all.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("version: STSv1\nmode: enforce\nmx: mail.d.test\nmax_age: 86400\n", "StsGood", Health.Good)]
    [InlineData("version: STSv1\nmode: testing\nmx: *.d.test\nmax_age: 86400\n", "StsTesting", Health.Good)]
    [InlineData("version: STSv1\nmode: enforce\nmx: mx.other.test\nmax_age: 86400\n", "StsOther", Health.Problem)]
    [InlineData("no policy\n", "StsUnreachable", Health.Problem)]
    public async Task A_policy_of_MTA_STS_is_fetched_and_held_against_the_server(string policy, string key, Health health)
    {
        using var authority = new TestAuthority();
        await using var host = await PolicyHost.StartAsync(authority.Issue("mta-sts.d.test"), authority.Intermediate);
        host.Policy = policy;
        var resolver = new FakeResolver().WithText("_mta-sts.d.test", "v=STSv1; id=one;");
        resolver.Addresses["mta-sts.d.test"] = new(DnsStatus.Found, [IPAddress.Loopback]);
        using var fetch = new StsFetch(resolver, authority.Trust(), host.Port);
        var checks = await new ComfortChecks(resolver, fetch, new ServiceSettings(), TimeProvider.System).ExamineAsync("d.test", new DnsSurvey("mail.d.test", new(DnsStatus.NoData, [])), None);
        var sts = checks.Single(check => check.Subject == DnsSubject.MtaSts);
        Assert.Equal((key, health), (sts.TextKey, sts.Health));
        Assert.All(sts.Publish.Where(record => record.Type == "HTTPS"), record => Assert.Contains("mx: mail.d.test\n", record.Value, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_check_has_words_in_English_and_Korean()
    {
        foreach (var subject in Enum.GetValues<DnsSubject>())
        {
            Assert.NotEqual(DnsCheckText.Why(subject, CultureInfo.InvariantCulture), DnsCheckText.Why(subject, CultureInfo.GetCultureInfo("ko")));
        }
    }

    private static async Task<MailHouse> OpenAsync(TestZone zone)
    {
        var house = await MailHouse.OpenAsync("a");
        await house.SetAsync(settings => settings with
        {
            Resolver = new ResolverSettings { Servers = [zone.EndPoint.ToString()] },
            Delivery = settings.Delivery with { RelayHost = "" },
        });
        return house;
    }

    private static async Task<DnsCheck> FindAsync(MailHouse house, DnsSubject subject) =>
        (await house.Engine.Dns.ExamineAsync(Actor.Operator, house.Domain, None)).Checks.First(check => check.Subject == subject);

    private static async Task MustSayAsync(MailHouse house, DnsSubject subject, string key, params string[] publish)
    {
        var check = await FindAsync(house, subject);
        Assert.Equal(key, check.TextKey);
        Assert.Equal(publish, check.Publish.Select(record => $"{record.Name} {record.Type} {record.Value}"));
        Assert.DoesNotContain('{', DnsCheckText.What(check, CultureInfo.InvariantCulture));
        Assert.NotEqual(DnsCheckText.What(check, CultureInfo.InvariantCulture), DnsCheckText.What(check, CultureInfo.GetCultureInfo("ko")));
    }

    /// <summary>Does what a person does with what is shown.</summary>
    private static void Publish(TestZone zone, IEnumerable<AdvisedRecord> records)
    {
        foreach (var record in records.OrderBy(record => record.Type == "CNAME"))
        {
            var words = record.Value.Split(' ');
            switch (record.Type)
            {
                case "A":
                    zone.A(record.Name, PublicAddress);
                    break;
                case "PTR":
                    zone.Ptr(PublicAddress, record.Value);
                    break;
                case "MX":
                    zone.Mx(record.Name, words[1], ushort.Parse(words[0], CultureInfo.InvariantCulture));
                    break;
                case "TXT":
                    zone.Txt(record.Name, record.Value);
                    break;
                case "TLSA":
                    zone.Without(record.Name).Tlsa(record.Name, byte.Parse(words[0], CultureInfo.InvariantCulture), byte.Parse(words[1], CultureInfo.InvariantCulture), byte.Parse(words[2], CultureInfo.InvariantCulture), Convert.FromHexString(words[3]));
                    break;
                case "CAA":
                    zone.Caa(record.Name, byte.Parse(words[0], CultureInfo.InvariantCulture), words[1], words[2].Trim('"'));
                    break;
                case "SRV":
                    zone.Srv(record.Name, ushort.Parse(words[0], CultureInfo.InvariantCulture), ushort.Parse(words[1], CultureInfo.InvariantCulture), ushort.Parse(words[2], CultureInfo.InvariantCulture), words[3]);
                    break;
                case "CNAME":
                    zone.CName(record.Name, record.Value);
                    break;
                default:
                    Assert.Equal("HTTPS", record.Type);
                    break;
            }
        }
    }
}
