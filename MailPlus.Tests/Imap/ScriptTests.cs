using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Imap;

/// <summary>The scripts of imaptest that were given.</summary>
public sealed class ScriptTests
{
    public static TheoryData<string> Names()
    {
        var names = new TheoryData<string>();
        var folder = Folder();
        foreach (var file in folder is null ? (IEnumerable<string>)["(the suite is absent)"] : System.IO.Directory.EnumerateFiles(folder).Where(f => Path.GetExtension(f).Length == 0 && !Path.GetFileName(f).StartsWith("AUTH", StringComparison.Ordinal)).Order())
        {
            names.Add(Path.GetFileName(file));
        }

        return names;
    }

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public async Task TheScriptPasses(string name)
    {
        var folder = Folder();
        Assert.True(folder is not null || !RepositoryTree.IsContinuousIntegration, "the imaptest suite is missing");
        Skip.If(folder is null, "shared/suites/imaptest is not there");
        var script = await File.ReadAllTextAsync(Path.Combine(folder!, name));
        var mbox = Path.Combine(folder!, name + ".mbox");
        await using var server = await ImapUnderTest.StartAsync();
        await new ScriptPlayer(server).PlayAsync(script, await File.ReadAllTextAsync(File.Exists(mbox) ? mbox : Path.Combine(folder!, "default.mbox"), System.Text.Encoding.Latin1));
        Assert.Empty(server.Log.Errors);
    }

    private static string? Folder() => RepositoryTree.Suites is { } root && Path.Combine(root, "imaptest") is var folder && System.IO.Directory.Exists(folder) ? folder : null;
}
