using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Xunit;
using MailPlus.Engine.MailAuth;
using MailPlus.Engine.MailAuth.Dkim;
using MailPlus.Engine.MailAuth.Dmarc;
using MailPlus.Engine.MailAuth.Spf;
using MailPlus.Engine.Resolver;
using MailPlus.Tests.Delivery;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.MailAuth;

public sealed partial class DmarcTests
{
    private static readonly string? Suites = RepositoryTree.Suites;

    [SkippableFact]
    public async Task Every_case_ends_as_it_should()
    {
        Skip.If(Suites is null && !RepositoryTree.IsContinuousIntegration, "the suites are not here (MAILPLUS_SUITES)");
        var wrong = new List<string>();
        var cases = SuiteYaml.List(SuiteYaml.Get(SuiteYaml.ReadFile(Path.Combine(Suites!, "dmarc", "dmarc-cases.yml"))[0], "cases"));
        foreach (var test in cases)
        {
            var dns = new FakeResolver();
            foreach (var (name, records) in (Dictionary<string, object>)SuiteYaml.Get(test, "dns")!)
            {
                dns.Texts[name] = records is "SERVFAIL" ? new DnsAnswer<string>(DnsStatus.TemporaryFailure, []) : new DnsAnswer<string>(DnsStatus.Found, [.. SuiteYaml.List(records).Cast<string>()]);
            }

            var from = SuiteYaml.List(SuiteYaml.Get(test, "from")).Select(a => ((string)a).Split('@')[1]).ToList();
            var spf = SuiteYaml.Text(test, "spf") is { Length: > 0 } domain ? new SpfOutcome(AuthResult.Pass, SpfIdentity.MailFrom, domain) : null;
            var dkim = SuiteYaml.List(SuiteYaml.Get(test, "dkim")).Select(d => new DkimOutcome(AuthResult.Pass, (string)d, "s")).ToList();
            var outcome = await new DmarcCheck(dns, PublicSuffixList.Shipped()).CheckAsync(from, spf, dkim, default);
            var policy = SuiteYaml.Text(test, "bis") is { Length: > 0 } bis ? bis : SuiteYaml.Text(test, "disposition");
            if (outcome.Result.Word() != SuiteYaml.Text(test, "result") || !outcome.Policy.ToString().Equals(policy, StringComparison.OrdinalIgnoreCase))
            {
                wrong.Add($"{SuiteYaml.Text(test, "name")}: {outcome}");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Equal(16, cases.Count);
    }

    [SkippableFact]
    public void The_test_file_of_the_suffix_list_passes()
    {
        Skip.If(Suites is null && !RepositoryTree.IsContinuousIntegration, "the suites are not here (MAILPLUS_SUITES)");
        var list = PublicSuffixList.Shipped();
        var idn = new System.Globalization.IdnMapping();
        var count = 0;
        foreach (var line in File.ReadLines(Path.Combine(Suites!, "psl", "tests", "test_psl.txt")))
        {
            if (Check().Match(line) is { Success: true } check)
            {
                count++;
                var expected = check.Groups[2].Success ? idn.GetAscii(check.Groups[2].Value) : null;
                Assert.True(list.OrganizationalDomain(check.Groups[1].Value) == expected, $"{line} gave {list.OrganizationalDomain(check.Groups[1].Value)}");
            }
        }

        Assert.InRange(count, 70, 200);
    }

    [Fact]
    public void A_file_in_the_data_folder_takes_the_place_of_the_list()
    {
        var folder = Directory.CreateTempSubdirectory("mailplus-psl-").FullName;
        Assert.Equal("shop.co.kr", PublicSuffixList.Load(folder).OrganizationalDomain("m.shop.co.kr"));
        File.WriteAllText(Path.Combine(folder, PublicSuffixList.FileName), "// mine\nkr\nshop.co.kr\n");
        Assert.Equal("m.shop.co.kr", PublicSuffixList.Load(folder).OrganizationalDomain("m.shop.co.kr"));
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("v=DMARC1; p=reject; pct=0", DmarcPolicy.Quarantine)] // legacy of test mode (mail-rules 36)
    [InlineData("v=DMARC1; p=reject; pct=5", DmarcPolicy.Reject)]
    [InlineData("v=DMARC1; p=reject; t=y", DmarcPolicy.Quarantine)]
    public async Task Percentages_are_only_read_as_legacy(string record, DmarcPolicy expected)
    {
        var dns = new FakeResolver().WithText("_dmarc.example.com", record);
        Assert.Equal(expected, (await new DmarcCheck(dns, PublicSuffixList.Shipped()).CheckAsync(["example.com"], null, [], default)).Policy);
    }

    [Fact]
    public async Task What_could_not_be_checked_does_not_fail()
    {
        var dns = new FakeResolver().WithText("_dmarc.example.com", "v=DMARC1; p=reject");
        var spf = new SpfOutcome(AuthResult.TempError, SpfIdentity.MailFrom, "example.com");
        Assert.Equal(AuthResult.TempError, (await new DmarcCheck(dns, PublicSuffixList.Shipped()).CheckAsync(["example.com"], spf, [], default)).Result);
    }

    [Property(MaxTest = 2000)]
    public void Any_text_is_a_record_or_none(NonNull<string> text)
    {
        DmarcRecord.Read(text.Get);
        DmarcRecord.Read("v=DMARC1;" + text.Get);
        TagList.Read(text.Get);
        DkimKey.Read("v=DKIM1; p=" + text.Get);
        DkimKey.Read(text.Get + ";p=AAAA")?.Verify("x"u8, [1, 2, 3]);
        DkimSignature.Read(default, "v=1; a=rsa-sha256; d=a.test; s=b; h=from; bh=AAAA; b=AAAA;" + text.Get, false, out _);
    }

    [Property(MaxTest = 500)]
    public void Any_text_is_a_suffix_list(NonNull<string> list, NonNull<string> name)
    {
        using var reader = new StringReader(list.Get + "\n*." + name.Get + "\n!" + name.Get);
        PublicSuffixList.Read(reader).OrganizationalDomain(name.Get);
    }

    [GeneratedRegex(@"^checkPublicSuffix\('([^']*)', (?:null|'([^']*)')\)", RegexOptions.None, 1000)]
    private static partial Regex Check();
}
