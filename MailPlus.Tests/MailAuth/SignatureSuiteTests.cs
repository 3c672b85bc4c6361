using System.Text;
using MailPlus.Engine.MailAuth;
using MailPlus.Engine.MailAuth.Arc;
using MailPlus.Engine.MailAuth.Dkim;
using MailPlus.Engine.Mime;
using MailPlus.Tests.Delivery;
using MailPlus.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace MailPlus.Tests.MailAuth;

/// <summary>Signed messages of others: ARC's validation suite, the examples of RFC 6376 and RFC 8463, real mail.</summary>
public sealed class SignatureSuiteTests
{
    private static readonly string? Suites = RepositoryTree.Suites;

    /// <summary>Argued in docs/conformance.md: fields that break the grammar of RFC 6376 3.5 or say another canonicalisation than was used.</summary>
    private static readonly string[] Exceptions = ["ams_fields_c_na", "ams_fields_h_empty", "ams_fields_h_mis_hdr"];

    [SkippableFact]
    public async Task Every_chain_of_the_arc_suite_is_judged_right()
    {
        Skip.If(Suites is null && !RepositoryTree.IsContinuousIntegration, "the suites are not here (MAILPLUS_SUITES)");
        var wrong = new List<string>();
        var seen = new List<string>();
        var count = 0;
        foreach (var scenario in SuiteYaml.ReadFile(Path.Combine(Suites!, "arc", "arc-draft-validation-tests.yml")))
        {
            var dns = new FakeResolver();
            foreach (var (name, text) in (Dictionary<string, object>)SuiteYaml.Get(scenario, "txt-records")!)
            {
                dns.WithText(name, ((string)text).Trim());
            }

            foreach (var (name, test) in (Dictionary<string, object>)SuiteYaml.Get(scenario, "tests")!)
            {
                count++;
                var (_, arc) = await VerifyAsync(SuiteYaml.Text(test, "message"), dns);
                var expected = SuiteYaml.Text(test, "cv").ToLowerInvariant();
                if (Exceptions.Contains(name) && arc.Result == AuthResult.Fail)
                {
                    seen.Add(name);
                }
                else if (expected.Length > 0 && arc.Result.Word() != expected)
                {
                    wrong.Add($"{name} ({SuiteYaml.Text(test, "description")}): {arc.Result} {arc.Detail}, expected {expected}");
                }
            }
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} of {count}:\n" + string.Join('\n', wrong));
        Assert.Equal(Exceptions, seen);
        Assert.Equal(175, count); // 171 names, four of which stand for two tests
    }

    [SkippableTheory]
    [InlineData("dkim/001.txt", "pass pass")]
    [InlineData("dkim/002.txt", "")]
    [InlineData("dkim/003.txt", "")]
    [InlineData("arc/001.txt", "pass pass fail")]
    [InlineData("arc/002.txt", "pass")]
    public async Task Signed_mails_with_their_keys(string file, string results)
    {
        Skip.If(Suites is null && !RepositoryTree.IsContinuousIntegration, "the suites are not here (MAILPLUS_SUITES)");
        var text = await File.ReadAllTextAsync(Path.Combine(Suites!, "dkim", "mail-auth", "resources", file), Encoding.Latin1);
        text = text.Replace("\r\n", "\n", StringComparison.Ordinal);
        var end = text.IndexOf("\n\n", StringComparison.Ordinal);
        var dns = new FakeResolver();
        foreach (var line in text[..end].Split('\n'))
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            dns.WithText(line[..space], line[(space + 1)..]);
        }

        var (dkim, arc) = await VerifyAsync(text[(end + 2)..], dns);
        Assert.Equal(results.Length > 0 ? results : string.Join(' ', dkim.Select(_ => "pass")), string.Join(' ', dkim.Select(outcome => outcome.Result.Word())));
        Assert.NotEmpty(dkim);
        Assert.Equal(file.StartsWith("arc", StringComparison.Ordinal) ? AuthResult.Pass : AuthResult.None, arc.Result);
    }

    [SkippableTheory]
    [InlineData("mimekit/gmail.msg")]
    [InlineData("mimekit/related.msg")]
    [InlineData("mimekit/multipart-no-end-boundary.msg")]
    public async Task Real_mail_verifies(string file)
    {
        Skip.If(Suites is null && !RepositoryTree.IsContinuousIntegration, "the suites are not here (MAILPLUS_SUITES)");
        var pem = string.Concat((await File.ReadAllLinesAsync(Path.Combine(Suites!, "dkim", "mimekit", "gmail.pub"))).Where(line => !line.StartsWith('-')));
        var dns = new FakeResolver().WithText("20120113._domainkey.gmail.com", $"k=rsa; p={pem}");
        var (dkim, _) = await VerifyAsync(await File.ReadAllTextAsync(Path.Combine(Suites!, "dkim", file), Encoding.Latin1), dns);
        Assert.Equal(AuthResult.Pass, Assert.Single(dkim).Result);
    }

    [SkippableTheory]
    [InlineData("test.txt", "test", "", "pass pass")]
    [InlineData("badk.txt", "test", "", "pass permerror")]
    [InlineData("badversion.txt", "test", "", "pass permerror")]
    [InlineData("test_tlsrpt.txt", "test", "", "pass permerror")]
    [InlineData("test.txt", "other", "", "pass permerror")]
    [InlineData("test.txt", "test", "Hungry", "fail fail")]
    public async Task Keys_and_bodies_that_are_wrong_have_their_names(string key, string selector, string changed, string expected)
    {
        Skip.If(Suites is null && !RepositoryTree.IsContinuousIntegration, "the suites are not here (MAILPLUS_SUITES)");
        var folder = Path.Combine(Suites!, "dkim", "dkimpy", "dkim", "tests", "data");
        var dns = new FakeResolver().WithText($"{selector}._domainkey.football.example.com", (await File.ReadAllTextAsync(Path.Combine(folder, key))).Trim())
            .WithText("brisbane._domainkey.football.example.com", "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
        var message = await File.ReadAllTextAsync(Path.Combine(folder, "rfc6376.signed.msg"), Encoding.Latin1);
        var (dkim, _) = await VerifyAsync(changed.Length > 0 ? message.Replace("hungry", changed, StringComparison.Ordinal) : message, dns);
        Assert.Equal(expected, string.Join(' ', dkim.Select(outcome => outcome.Result.Word())));
    }

    internal static async Task<(IReadOnlyList<DkimOutcome> Dkim, ArcOutcome Arc)> VerifyAsync(string message, FakeResolver dns)
    {
        var text = message.Replace("\r\n", "\n", StringComparison.Ordinal).Replace("\n", "\r\n", StringComparison.Ordinal);
        var content = MessageContent.FromMemory(Encoding.Latin1.GetBytes(text));
        var header = await HeaderFields.ReadAsync(content, default);
        return await new SignedMessageCheck(dns, new FakeTimeProvider(new DateTimeOffset(2017, 1, 4, 0, 0, 0, TimeSpan.Zero))).VerifyAsync(content, header, new SignedMessageScope(true, true), default);
    }
}
