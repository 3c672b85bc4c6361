using MailPlus.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace MailPlus.Tests.Crash;

/// <summary><see cref="FullDisk"/> with files.</summary>
public sealed class FullDiskTests(ITestOutputHelper log) : FullDisk(log)
{
    [SkippableFact]
    public async Task A_full_data_folder_is_refused_for_now_and_loses_nothing()
    {
        await using var volume = await SmallVolume.MountAsync(192);
        await RunAsync(new ServerPlan { Home = Path.Combine(volume.Folder, "server") }, volume);
    }

    [SkippableFact]
    public async Task A_full_data_folder_is_read_all_the_same()
    {
        await using var volume = await SmallVolume.MountAsync(96);
        await ReadAsync(new ServerPlan { Home = Path.Combine(volume.Folder, "server") }, volume);
    }
}
