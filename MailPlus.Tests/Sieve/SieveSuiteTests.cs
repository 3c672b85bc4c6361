using MailPlus.Engine.Mime;
using MailPlus.Engine.Sieve.Language;
using MailPlus.Engine.Sieve.Runtime;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Sieve;

/// <summary>The case files of another implementation, written in Sieve itself. What is different on purpose is listed, with the reason, in docs/conformance.md.</summary>
public sealed class SieveSuiteTests
{
    private const string Failing = "failures";

    private static readonly Dictionary<string, string[]> Different = new(StringComparer.Ordinal)
    {
        ["compile/errors.svtest"] = ["Parser errors (FIXME: count only)"],
        ["extensions/enotify/mailto.svtest"] = ["UTF-8 address"],
        ["extensions/vacation/message.svtest"] = ["Reply to (ignored envelope)", "Send from recipient"],
    };

    public static TheoryData<string> Files()
    {
        var data = new TheoryData<string>();
        foreach (var file in Root is { } root ? System.IO.Directory.EnumerateFiles(root, "*.svtest", SearchOption.AllDirectories).Order(StringComparer.Ordinal) : (IEnumerable<string>)["none"])
        {
            data.Add(Root is null ? file : Path.GetRelativePath(Root, file));
        }

        return data;
    }

    [SkippableTheory]
    [MemberData(nameof(Files))]
    public async Task Case_file(string name)
    {
        Skip.If(Root is null && !RepositoryTree.IsContinuousIntegration, "the suites are not here (MAILPLUS_SUITES)");
        var file = Path.Combine(Root!, name);
        var folder = Path.GetDirectoryName(file)!;
        var world = new SuiteWorld(folder);
        var language = new SuiteLanguage(world, folder);
        var problems = new SieveProblems();
        var text = OctetText.Read(await File.ReadAllBytesAsync(file));
        var script = SieveCompiler.Compile(text, language.Dialect(), await language.LibraryAsync(text, default), problems);
        Assert.True(script is not null, string.Join('\n', problems.List));
        var message = await SieveMessage.ReadAsync(MessageContent.FromMemory("From: sender@example.com\r\nTo: recipient@example.com\r\nSubject: Frop!\r\n\r\nFrop.\r\n"u8.ToArray()), default);
        var run = new SieveRun(message, new SieveEnvelope("sender@example.com", "recipient@example.com"), world, language.Dialect());
        run.Variables.Namespace = variable => variable == "tst.path" ? folder : null;
        await run.RunAsync(script!, default);
        var failures = string.Join('\n', language.Failures.Select(failure => $"{failure.Test}: {failure.Why}"));
        if (name.StartsWith(Failing, StringComparison.Ordinal))
        {
            Assert.True(language.Failures.Count > 0, "a test that must fail passes");
            return;
        }

        var expected = Different.GetValueOrDefault(name, []);
        Assert.True(expected.Order(StringComparer.Ordinal).SequenceEqual(language.Failures.Select(failure => failure.Test).Order(StringComparer.Ordinal)), $"of {language.Count} tests:\n{failures}");
        Assert.True(language.Count > 0, "no test in it");
    }

    /// <summary>mail-rules 38, and what was asked for besides.</summary>
    [Theory]
    [InlineData("fileinto envelope imap4flags body variables relational comparator-i;ascii-numeric copy date index subaddress vacation vacation-seconds reject ereject editheader duplicate regex include environment ihave enotify mime foreverypart mailbox special-use")]
    [InlineData("encoded-character spamtest spamtestplus virustest extlists mboxmetadata servermetadata mailboxid fcc extracttext replace enclose")]
    public void The_extensions_are_known(string names) => Assert.Empty(names.Split(' ').Except(SieveDialect.Standard.Announced));

    private static string? Root => RepositoryTree.Suites is { } suites ? Path.Combine(suites, "sieve", "tests") : null;
}
