using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Imap;

/// <summary>The scripts of imaptest: those given with the suites, and under Scripts those that are not among them.</summary>
public sealed class ScriptTests
{
    /// <summary>What a script wants against a text; docs/conformance.md argues each.</summary>
    private static readonly Dictionary<string, (string Wanted, string Right)> Exceptions = new(StringComparer.Ordinal)
    {
        ["urlauth-binary"] = ("\"7bit\" 44 0 NIL", "\"7bit\" 44 3 NIL"), // three lines end in these octets
    };

    public static TheoryData<string> Names()
    {
        var names = new TheoryData<string>();
        foreach (var name in Folder() is { } folder ? In(folder) : ["(the suite is absent)"])
        {
            names.Add(name);
        }

        return names;
    }

    public static TheoryData<string> OtherNames() => [.. In(Others)];

    [Theory]
    [MemberData(nameof(OtherNames))]
    public Task TheOtherScriptPasses(string name) => PlayAsync(Others, name);

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public async Task TheScriptPasses(string name)
    {
        var folder = Folder();
        Assert.True(folder is not null || !RepositoryTree.IsContinuousIntegration, "the imaptest suite is missing");
        Skip.If(folder is null, "shared/suites/imaptest is not there");
        await PlayAsync(folder!, name);
    }

    private static async Task PlayAsync(string folder, string name)
    {
        var script = await File.ReadAllTextAsync(Path.Combine(folder, name), System.Text.Encoding.Latin1);
        if (Exceptions.TryGetValue(name, out var exception))
        {
            Assert.Contains(exception.Wanted, script, StringComparison.Ordinal);
            script = script.Replace(exception.Wanted, exception.Right, StringComparison.Ordinal);
        }

        var mbox = Path.Combine(folder, name + ".mbox");
        await using var server = await ImapUnderTest.StartAsync(withColleagues: true);
        await new ScriptPlayer(server).PlayAsync(script, await File.ReadAllTextAsync(File.Exists(mbox) ? mbox : Path.Combine(folder, "default.mbox"), System.Text.Encoding.Latin1));
        Assert.Empty(server.Log.Errors);
    }

    private static IEnumerable<string> In(string folder) => System.IO.Directory.EnumerateFiles(folder)
        .Where(f => Path.GetExtension(f).Length == 0 && !Path.GetFileName(f).StartsWith("AUTH", StringComparison.Ordinal)).Select(f => Path.GetFileName(f)).Order();

    private static string Others => Path.Combine(RepositoryTree.Root, "MailPlus.Tests", "Imap", "Scripts");

    private static string? Folder() => RepositoryTree.Suites is { } root && Path.Combine(root, "imaptest") is var folder && System.IO.Directory.Exists(folder) ? folder : null;
}
