using MailPlus.Tests.Support;
using MailPlus.Web.Shared;
using Xunit;

namespace MailPlus.Tests.Web;

public sealed class BundledAssetsTests
{
    private static readonly string Kept = Path.Combine(RepositoryTree.Root, "wwwroot-assets", "dist");

    [Fact]
    public void Every_bundle_is_copied_whole_beside_the_server_program()
    {
        var served = Path.Combine(Path.GetDirectoryName(RepositoryTree.ServerProgram)!, "assets");
        var files = Directory.GetFiles(Kept, "*", SearchOption.AllDirectories);

        Assert.True(files.Length > 90);
        Assert.All(files, file =>
        {
            var copy = Path.Combine(served, Path.GetRelativePath(Kept, file));
            Assert.True(File.Exists(copy), copy);
            Assert.Equal(new FileInfo(file).Length, new FileInfo(copy).Length);
        });
    }

    [Fact]
    public void The_address_of_a_bundle_follows_its_bytes()
    {
        var assets = new BundledAssets(Kept);

        Assert.Matches(@"^/css/app\.css\?v=[0-9a-f]{12}$", assets["css/app.css"]);
        Assert.NotEqual(assets["css/app.css"], assets["css/fonts.css"]);
        Assert.Throws<FileNotFoundException>(() => assets["css/absent.css"]);
    }

    [SkippableFact]
    public async Task A_fresh_build_from_the_lock_file_gives_the_same_bytes()
    {
        Skip.If(ChildProcess.Find("npm") is null, "npm is not installed");
        var copy = Directory.CreateTempSubdirectory("mailplus-assets-").FullName;
        try
        {
            var source = Path.Combine(RepositoryTree.Root, "wwwroot-assets");
            foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories).Where(f => !f.Contains("/node_modules/", StringComparison.Ordinal)))
            {
                var target = Path.Combine(copy, Path.GetRelativePath(source, file));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(file, target);
            }

            (await ChildProcess.RunInAsync(copy, "npm", ["ci", "--prefer-offline", "--no-audit", "--no-fund"], TimeSpan.FromMinutes(5))).MustSucceed("npm ci");
            (await ChildProcess.RunInAsync(copy, "npm", ["run", "check"], TimeSpan.FromMinutes(5))).MustSucceed("npm run check");
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }
}
