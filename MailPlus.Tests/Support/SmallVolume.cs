using Xunit;

namespace MailPlus.Tests.Support;

/// <summary>A file system of some megabytes that a test can fill and make room on again. Only root can mount one: elsewhere the test is skipped.</summary>
public sealed class SmallVolume : IAsyncDisposable
{
    private SmallVolume(string folder) => Folder = folder;

    public string Folder { get; }

    private string Ballast => Path.Combine(Folder, "ballast");

    public static async Task<SmallVolume> MountAsync(int megabytes)
    {
        Skip.If(!OperatingSystem.IsLinux() || Environment.UserName != "root", "only root can mount a small volume");
        var folder = Directory.CreateTempSubdirectory("mailplus-volume-").FullName;
        var mounted = await ChildProcess.RunAsync("mount", ["-t", "tmpfs", "-o", $"size={megabytes}m", "mailplus-test", folder]);
        if (mounted.ExitCode != 0)
        {
            Directory.Delete(folder);
            Skip.If(true, $"a small volume cannot be mounted here: {mounted.Errors}");
        }

        return new SmallVolume(folder);
    }

    /// <summary>Takes all the room that is left.</summary>
    public void Fill()
    {
        using var ballast = new FileStream(Ballast, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        foreach (var size in new[] { 1_048_576, 4096, 1 })
        {
            try
            {
                while (true)
                {
                    ballast.Write(new byte[size]);
                }
            }
            catch (IOException)
            {
                // Full for pieces of this size.
            }
        }
    }

    /// <summary>Gives back what <see cref="Fill"/> took.</summary>
    public void MakeRoom() => File.Delete(Ballast);

    public async ValueTask DisposeAsync()
    {
        (await ChildProcess.RunAsync("umount", [Folder])).MustSucceed("umount");
        Directory.Delete(Folder);
    }
}
