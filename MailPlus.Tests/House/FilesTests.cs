using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.House;

/// <summary>What must lie in the tree beside the code.</summary>
public sealed class FilesTests
{
    [Fact]
    public void Decisions_are_written_down()
    {
        var notes = System.IO.Directory.GetFiles(Path.Combine(RepositoryTree.Root, "docs", "decisions"), "*.md")
            .Where(f => char.IsAsciiDigit(Path.GetFileName(f)[0])).ToList();
        Assert.NotEmpty(notes);
        Assert.All(notes, note => Assert.StartsWith("# ", File.ReadLines(note).First(), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("README.md", "./run.sh", "./test.sh")]
    [InlineData("MailPlus.Engine/README.md", "Levels", "Refusal")]
    public void The_readmes_begin_where_a_newcomer_begins(string file, params string[] says)
    {
        var text = File.ReadAllText(Path.Combine(RepositoryTree.Root, file));
        Assert.All(says, word => Assert.Contains(word, text, StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task The_front_end_bundle_is_what_a_fresh_build_gives()
    {
        var assets = Path.Combine(RepositoryTree.Root, "wwwroot-assets");
        Skip.If(ChildProcess.Find("npm") is null || !System.IO.Directory.Exists(Path.Combine(assets, "node_modules")), "npm or the front end's packages are not installed");
        (await ChildProcess.RunInAsync(assets, "npm", ["run", "--silent", "check"], TimeSpan.FromMinutes(3))).MustSucceed("npm run check");
    }

    [Theory]
    [InlineData("run.sh")]
    [InlineData("test.sh")]
    [InlineData(".ci/run")]
    public async Task Scripts_can_be_run(string script)
    {
        var file = Path.Combine(RepositoryTree.Root, script);
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(file).HasFlag(UnixFileMode.UserExecute), $"{script} is not executable");
        (await ChildProcess.RunAsync("bash", ["-n", file])).MustSucceed($"bash -n {script}");
    }
}
