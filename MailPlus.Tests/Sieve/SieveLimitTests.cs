using System.Text;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Sieve.Language;
using MailPlus.Engine.Sieve.Runtime;
using Xunit;

namespace MailPlus.Tests.Sieve;

/// <summary>Whatever a script may use up has an end (RFC 5228 2.10.2): what goes beyond is told, when it is written or when it runs.</summary>
public sealed class SieveLimitTests
{
    [Fact]
    public void A_script_has_a_largest_size() => Assert.Contains("too large", Told(new string('#', 2000), new SyntaxLimits { ScriptOctets = 1000 }));

    [Fact]
    public void Blocks_and_tests_are_nested_only_so_deep()
    {
        Assert.Contains("nested deeper", Told(string.Concat(Enumerable.Repeat("if true { ", 40)) + string.Concat(Enumerable.Repeat("} ", 40))));
        Assert.Contains("nested deeper", Told("if " + string.Concat(Enumerable.Repeat("not ", 1000)) + "true { keep; }"));
        Assert.Contains("nested deeper", Told("if " + string.Concat(Enumerable.Repeat("anyof (", 1000)) + "true" + new string(')', 1000) + " { keep; }"));
    }

    [Fact]
    public void Lists_arguments_and_commands_are_counted()
    {
        Assert.Contains("more than 4096 strings", Told($"if header \"subject\" [{string.Join(',', Enumerable.Repeat("\"a\"", 5000))}] {{ keep; }}"));
        Assert.Contains("more than 32 arguments", Told($"frop {string.Join(' ', Enumerable.Repeat("1", 40))};"));
        Assert.Contains("commands and tests", Told(string.Concat(Enumerable.Repeat("keep;\n", 25_000))));
        Assert.Contains("too long", Told(new string('x', 100) + ";"));
    }

    [Fact]
    public void Not_more_problems_are_told_than_somebody_reads()
    {
        var problems = new SieveProblems();
        Assert.Null(SieveCompiler.Compile(string.Concat(Enumerable.Repeat("frop;\n", 5000)), SieveDialect.Standard, IncludedScripts.None, problems));
        Assert.Equal(100, problems.List.Count);
    }

    [Fact]
    public async Task Actions_and_redirects_are_counted()
    {
        Assert.Contains("number of actions exceeds", await FailureAsync("require \"fileinto\";" + string.Concat(Enumerable.Range(0, 40).Select(n => $"fileinto \"m{n}\";"))));
        Assert.Contains("number of redirect actions exceeds", await FailureAsync(string.Concat(Enumerable.Range(0, 6).Select(n => $"redirect \"a{n}@example.test\";"))));
    }

    [Fact]
    public async Task What_runs_too_long_ends()
    {
        var parts = string.Concat(Enumerable.Repeat("--b\r\n\r\nx\r\n", 900));
        const string Inner = "if anyof (header \"a\" \"b\", header \"a\" \"c\") { keep; }";
        var script = $"require [\"foreverypart\", \"mime\"]; foreverypart {{ foreverypart {{ {string.Concat(Enumerable.Repeat(Inner, 30))} }} {string.Concat(Enumerable.Repeat(Inner, 300))} }}";
        Assert.Contains("takes too long", await FailureAsync(script, $"Content-Type: multipart/mixed; boundary=b\r\n\r\n{parts}--b--\r\n"));
    }

    [Fact]
    public async Task A_regular_expression_has_its_time()
    {
        var dialect = new SieveDialect(MailPlus.Engine.Sieve.Extensions.StandardExtensions.All) { RegexTime = TimeSpan.FromTicks(1) };
        var value = string.Concat(Enumerable.Repeat("ab", 2_000_000));
        Assert.Contains("takes too long", await FailureAsync("require [\"regex\", \"body\"]; if body :raw :regex \"(a|b|ab)*[ab]{20}c\" { discard; }", $"Subject: x\r\n\r\n{value}\r\n", dialect));
    }

    [Theory]
    [InlineData("(a+)+$")]
    [InlineData("(a|aa)*b")]
    [InlineData("(.*)*(.*)*(.*)*x")]
    public async Task Expressions_that_are_slow_elsewhere_are_not(string expression)
    {
        var run = await RunAsync($"require [\"regex\", \"body\"]; if body :raw :regex \"{expression}\" {{ discard; }}", $"Subject: x\r\n\r\n{new string('a', 5_000)}!\r\n");
        Assert.True(run.Result.KeepsImplicitly);
    }

    [Fact]
    public async Task Variables_are_cut_and_counted()
    {
        var run = await RunAsync($"require \"variables\"; set \"a\" \"0123456789\"; {string.Concat(Enumerable.Repeat("set \"a\" \"${a}${a}\"; ", 20))} set :length \"n\" \"${{a}}\"; if string \"${{n}}\" \"{SieveDialect.Standard.MaximumVariable}\" {{ discard; }}");
        Assert.False(run.Result.KeepsImplicitly);
        Assert.Contains("more than 255 variables", Told("require \"variables\"; " + string.Concat(Enumerable.Range(0, 300).Select(n => $"set \"v{n}\" \"\"; "))));
    }

    [Fact]
    public async Task Header_fields_that_are_added_are_counted()
    {
        var value = new string('v', 3_900);
        Assert.Contains("too large", await FailureAsync("require \"editheader\"; " + string.Concat(Enumerable.Repeat($"addheader \"X-A\" \"{value}\"; ", 20))));
        Assert.Contains("is longer than", Told($"require \"editheader\"; addheader \"X-A\" \"{new string('v', 20_000)}\";"));
    }

    [Fact]
    public void Includes_have_a_depth_and_a_number_and_no_circle()
    {
        var library = new IncludedScripts();
        for (var n = 0; n < 100; n++)
        {
            library.Add(false, $"deep{n}", $"require \"include\"; include \"deep{n + 1}\";");
            library.Add(false, $"flat{n}", "keep;");
        }

        library.Add(false, "circle", "require \"include\"; include \"circle\";");
        Assert.Contains("nested deeper than 10", Told("require \"include\"; include \"deep0\";", library));
        Assert.Contains("more than 64 scripts", Told("require \"include\"; " + string.Concat(Enumerable.Range(0, 100).Select(n => $"include \"flat{n}\"; ")), library));
        Assert.Contains("includes itself", Told("require \"include\"; include \"circle\";", library));
        Assert.Contains("does not exist", Told("require \"include\"; include \"none\";", library));
    }

    [Fact]
    public void Octets_that_are_no_text_come_through()
    {
        byte[] octets = [0xff, (byte)'a', 0xc3, 0x28, 0xed, 0xa0, 0x80, 0xf0, 0x9f, 0x98, 0x80, 0xe2, 0x82];
        Assert.Equal(octets, OctetText.Write(OctetText.Read(octets)));
    }

    private static string Told(string script, SyntaxLimits limits)
    {
        var problems = new SieveProblems();
        SieveParser.Parse(script, limits, problems);
        return string.Join('\n', problems.List);
    }

    private static string Told(string script, IncludedScripts? library = null)
    {
        var problems = new SieveProblems();
        Assert.Null(SieveCompiler.Compile(script, SieveDialect.Standard, library ?? IncludedScripts.None, problems));
        return string.Join('\n', problems.List);
    }

    private static async Task<string> FailureAsync(string script, string message = "Subject: x\r\n\r\ny\r\n", SieveDialect? dialect = null) =>
        (await Assert.ThrowsAsync<SieveRuntimeException>(() => RunAsync(script, message, dialect))).Message;

    private static async Task<SieveRun> RunAsync(string script, string message = "Subject: x\r\n\r\ny\r\n", SieveDialect? dialect = null)
    {
        dialect ??= SieveDialect.Standard;
        var problems = new SieveProblems();
        var compiled = SieveCompiler.Compile(script, dialect, IncludedScripts.None, problems);
        Assert.True(compiled is not null, string.Join('\n', problems.List));
        await using var read = await SieveMessage.ReadAsync(MessageContent.FromMemory(Encoding.UTF8.GetBytes(message)), default);
        var run = new SieveRun(read, new SieveEnvelope("a@example.net", "kim@example.test"), new SuiteWorld(""), dialect);
        await run.RunAsync(compiled, default);
        return run;
    }
}
