using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;

namespace MailPlus.Engine.Monitoring;

/// <summary>What is known of this server process: when it started, its listeners, its disk.</summary>
public sealed class ServerState(RunOptions run, TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan StorageAge = TimeSpan.FromMinutes(1);
    private readonly SemaphoreSlim _measuring = new(1, 1);
    private readonly List<Func<IEnumerable<ServiceState>>> _sources = [];
    private (Instant Taken, long Used, long Free)? _storage;

    /// <summary>When the process started.</summary>
    public Instant Started { get; } = Instant.Now(clock);

    /// <summary>Laboratory mode is on for this run.</summary>
    public bool LoopbackLab => run.LoopbackLab;

    /// <summary>Every listener: the engine's and the web's.</summary>
    public IReadOnlyList<ServiceState> Services => [.. _sources.SelectMany(source => source())];

    /// <summary>Adds listeners to show; called while wiring.</summary>
    public void Add(Func<IEnumerable<ServiceState>> source) => _sources.Add(source);

    /// <summary>Octets used in the data folder and free on its file system, at most a minute old: walking the folder costs.</summary>
    public async Task<(long Used, long Free)> MeasureStorageAsync(CancellationToken cancellationToken)
    {
        await _measuring.WaitAsync(cancellationToken);
        try
        {
            var now = Instant.Now(clock);
            if (_storage is not { } known || known.Taken.Plus(StorageAge).CompareTo(now) < 0)
            {
                var (used, free) = await Task.Run(Measure, cancellationToken);
                _storage = known = (now, used, free);
            }

            return (known.Used, known.Free);
        }
        finally
        {
            _measuring.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _measuring.Dispose();

    private (long Used, long Free) Measure()
    {
        var folder = new DirectoryInfo(run.DataFolder);
        var options = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true };
        var used = folder.EnumerateFiles("*", options).Sum(LengthOf);
        return (used, new DriveInfo(run.DataFolder).AvailableFreeSpace);
    }

    private static long LengthOf(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            return 0; // gone since it was listed
        }
    }
}
