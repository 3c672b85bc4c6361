using System.Threading.Channels;
using MailPlus.Engine.Database;
using MailPlus.Engine.Delivery.Remote;
using MailPlus.Engine.Events;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using Microsoft.Extensions.Logging;

namespace MailPlus.Engine.Delivery.Queue;

/// <summary>
/// The queue at work: takes entries from acceptance, keeps them in hand until every due recipient has been tried, and takes waiting ones up again when their
/// time comes. An entry that was just accepted goes to its worker in memory; nothing is read back for it.
/// </summary>
public sealed partial class DeliveryQueue : IAsyncDisposable
{
    /// <summary>Entries worked on at once; local ones mostly wait for a group commit, and the more wait the larger the group.</summary>
    private const int Workers = 64;
    private const int LoadAtOnce = 500;
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan BusyPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(10);

    private readonly QueueFile _file;
    private readonly DeliverySurroundings _around;
    private readonly ILogger<DeliveryQueue> _log;
    private readonly OwnedEntries _owned = new();
    private readonly Channel<QueueEntry> _ready = Channel.CreateUnboundedPrioritized(new UnboundedPrioritizedChannelOptions<QueueEntry> { Comparer = Comparer<QueueEntry>.Create(ByUrgency) });
    private readonly WakeSignal _scan;
    private readonly QueueFinisher _finisher;
    private readonly EntryDelivery _delivery;
    private readonly RemoteDelivery _remote;
    private readonly ForgottenKeys _forgotten;
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _abandon = new();
    private readonly List<Task> _loops = [];
    private Task _finishing = Task.CompletedTask;
    private volatile bool _started;

    private DeliveryQueue(QueueFile file, DeliverySurroundings around)
    {
        _file = file;
        _around = around;
        _log = around.Logs.CreateLogger<DeliveryQueue>();
        _scan = new WakeSignal(around.Clock);
        _forgotten = new ForgottenKeys(file, around);
        _finisher = new QueueFinisher(file, around.Events, around.Clock, around.Logs.CreateLogger<QueueFinisher>()) { Written = OnWritten };
        _remote = new RemoteDelivery(around, _abandon.Token);
        _delivery = new EntryDelivery(file, around, _remote, _finisher);
    }

    /// <summary>What happened in the queue, for the mail log.</summary>
    public IEventOutbox Outbox => _file.Outbox;

    /// <summary>Entries in hand now.</summary>
    public int InHand => _owned.Count;

    internal QueueFile File => _file;

    /// <summary>Opens queue.db and the folder of big bodies in the data folder, making them when they are missing. Nothing is delivered before <see cref="StartAsync"/>.</summary>
    public static async Task<DeliveryQueue> OpenAsync(string dataFolder, SqliteThreads threads, DeliverySurroundings around, CancellationToken cancellationToken)
    {
        var options = new SqliteFileOptions
        {
            FileName = Path.Combine(dataFolder, "queue.db"),
            ApplicationId = QueueSchema.ApplicationId,
            Scripts = QueueSchema.Scripts,
            WriterCache = 8192,
        };
        var database = await SqliteFile.OpenAsync(options, threads, cancellationToken);
        var file = await QueueFile.StartAsync(database, new QueueBodies(Path.Combine(dataFolder, "queue"), threads), null, Instant.Now(around.Clock), cancellationToken);
        return new DeliveryQueue(file, around);
    }

    /// <summary>Opens the queue in PostgreSQL, which other processes may have too; <paramref name="node"/> names this one and stays the same when it is started again.</summary>
    public static async Task<DeliveryQueue> OpenAsync(PostgresServer server, string node, string dataFolder, DeliverySurroundings around, CancellationToken cancellationToken)
    {
        await server.PrepareAsync(QueueTables.Area, cancellationToken);
        var number = await server.Threads.RunAsync(() => SharedQueue.Register(server, node), cancellationToken);
        var database = PostgresFile.Open(server, QueueTables.Area, new PostgresFileOptions(number));
        var bodies = new QueueBodies(Path.Combine(dataFolder, "queue"), server.Threads);
        var file = await QueueFile.StartAsync(database, bodies, new SharedQueue(database, number, bodies.Folder), Instant.Now(around.Clock), cancellationToken);
        return new DeliveryQueue(file, around);
    }

    /// <summary>Writes a consistent copy of queue.db and of the bodies its entries name into a folder, while the queue works.</summary>
    public Task CopyToAsync(string folder, CancellationToken cancellationToken) => _file.CopyToAsync(folder, cancellationToken);

    /// <summary>Starts the loops: queue-scan, queue-deliver, queue-finish, queue-forget.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _started = true;
        _finishing = Task.Run(() => GuardAsync("queue-finish", () => _finisher.RunAsync(_abandon.Token)), CancellationToken.None);
        _loops.Add(Task.Run(() => GuardAsync("queue-scan", ScanAsync), CancellationToken.None));
        _loops.Add(Task.Run(() => GuardAsync("queue-forget", () => _forgotten.RunAsync(_stopping.Token)), CancellationToken.None));
        if (_file.Shared is { } shared)
        {
            _loops.Add(Task.Run(() => GuardAsync("queue-lease", () => LiveAsync(shared)), CancellationToken.None));
        }

        for (var i = 0; i < Workers; i++)
        {
            _loops.Add(Task.Run(() => GuardAsync("queue-deliver", DeliverAsync), CancellationToken.None));
        }

        return Task.CompletedTask;
    }

    /// <summary>Finishes what is under way, within ten seconds, and stops; what is left is due at the next start.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (!_started)
        {
            return;
        }

        _started = false;
        await _stopping.CancelAsync();
        _ready.Writer.TryComplete();
        var remote = _remote.StopAsync();
        try
        {
            await Task.WhenAll([.. _loops, remote]).WaitAsync(StopGrace, cancellationToken);
        }
        catch (Exception late) when (late is TimeoutException or OperationCanceledException)
        {
            LogAbandoned(_owned.Count);
        }

        _finisher.Complete();
        await Task.WhenAny(_finishing, Task.Delay(StopGrace, CancellationToken.None));
        await _abandon.CancelAsync();
        await Task.WhenAll([.. _loops, remote, _finishing]);
        if (_file.Shared is { } shared)
        {
            await LeaveAsync(shared);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        await _file.DisposeAsync();
        _stopping.Dispose();
        _abandon.Dispose();
    }

    internal EntryId NextId() => _file.NextId();

    internal Task<string> KeepBodyAsync(EntryId entry, MessageContent content, CancellationToken cancellationToken) => _file.KeepBodyAsync(entry, content, cancellationToken);

    internal Task<string> WriteBodyAsync(EntryId entry, Func<Stream, Task> write, CancellationToken cancellationToken) => _file.WriteBodyAsync(entry, write, cancellationToken);

    internal Task DropBodyAsync(string name) => _file.DropBodyAsync(name);

    /// <summary>Makes an entry durable and puts it to work.</summary>
    internal async Task AddAsync(QueueEntry entry, MessageAccepted accepted, CancellationToken cancellationToken)
    {
        var keepsBody = false;
        var taken = _started && entry.Begins == entry.Accepted && _owned.TryTake(entry.Id, entry.Body?.Length ?? 0, out keepsBody);
        var committed = false;
        try
        {
            await _file.AddAsync(entry, accepted, taken ? QueueSchema.Active : QueueSchema.Deferred, AfterCommit, cancellationToken);
        }
        finally
        {
            if (taken && !Volatile.Read(ref committed))
            {
                _owned.Release(entry.Id);
            }
        }

        void AfterCommit()
        {
            Volatile.Write(ref committed, true);
            _around.Events.Publish(accepted);
            if (!taken)
            {
                _scan.Set();
                return;
            }

            if (!keepsBody)
            {
                entry.Release();
            }

            _ready.Writer.TryWrite(entry);
        }
    }

    /// <summary>Looks for due entries now.</summary>
    internal void Wake() => _scan.Set();

    /// <summary>The most urgent first (RFC 6710), among equals the one that came first.</summary>
    private static int ByUrgency(QueueEntry one, QueueEntry other) =>
        one.Terms.Priority == other.Terms.Priority ? one.Id.Value.CompareTo(other.Id.Value) : other.Terms.Priority.CompareTo(one.Terms.Priority);

    private void OnWritten(EntryUpdate update)
    {
        if (update.EndsRun)
        {
            _owned.Release(update.Entry.Id);
            if (update.Reports.Count > 0 || update.Results.Any(r => r.Result == DeliveryResult.Deferred))
            {
                _scan.Set();
            }
        }

        if (update.Results.Any(r => r.Account is not null))
        {
            _forgotten.Wake();
        }
    }

    private async Task DeliverAsync()
    {
        await foreach (var entry in _ready.Reader.ReadAllAsync(_stopping.Token))
        {
            await _delivery.RunAsync(entry, _abandon.Token);
        }
    }

    /// <summary>Says that this process lives, takes over what others left, and gives back what the table says is in hand here but is not, twice in a row.</summary>
    private async Task LiveAsync(SharedQueue shared)
    {
        HashSet<EntryId> suspected = [];
        while (true)
        {
            await shared.LiveAsync(SharedQueue.Lease, _stopping.Token);
            if (await _file.TakeOverAsync(_stopping.Token))
            {
                _scan.Set();
            }

            var loose = (await shared.MineAsync(_stopping.Token)).Where(entry => !_owned.Contains(entry)).ToHashSet();
            var sure = loose.Where(suspected.Contains).ToList();
            if (sure.Count > 0)
            {
                await shared.GiveBackAsync(sure, _stopping.Token);
                _scan.Set();
            }

            suspected = loose;
            await Task.Delay(SharedQueue.Beat, _around.Clock, _stopping.Token);
        }
    }

    private async Task LeaveAsync(SharedQueue shared)
    {
        try
        {
            await shared.GiveBackAsync(await shared.MineAsync(CancellationToken.None), CancellationToken.None);
            await shared.LiveAsync(TimeSpan.Zero, CancellationToken.None);
        }
        catch (RefusedException failure)
        {
            LogLeave(failure.Message); // Others find out when the lease ends.
        }
    }

    private async Task ScanAsync()
    {
        var looked = new Instant(long.MaxValue);
        while (true)
        {
            var now = Instant.Now(_around.Clock);
            if (now.CompareTo(looked) < 0)
            {
                // The clock went back, perhaps while nobody ran: times set by it lie too far ahead.
                await _file.MendTimesAsync(now, RetrySchedule.LongestWait(_around.Settings.Current.Delivery) + LongestPause, _stopping.Token);
            }

            looked = now;
            var until = await LoadAsync(now) == LoadAtOnce ? now.Plus(TimeSpan.FromMilliseconds(1)) : await NextScanAsync(now);
            await _scan.WaitUntilAsync(until, LongestPause, _stopping.Token);
        }
    }

    private async Task<int> LoadAsync(Instant now)
    {
        var limit = Math.Min(LoadAtOnce, _owned.Room);
        if (limit == 0)
        {
            return 0;
        }

        var found = await _file.FindDueAsync(now, limit, _owned.Contains, _stopping.Token);
        if (found.Count == 0)
        {
            return 0;
        }

        // In hand first, read then: what was read before might have been finished meanwhile by the attempt that just ended.
        var taken = found.Where(id => _owned.TryTake(id, 0, out _)).ToHashSet();
        try
        {
            foreach (var entry in await _file.LoadAsync([.. taken], now, _stopping.Token))
            {
                if (_ready.Writer.TryWrite(entry))
                {
                    taken.Remove(entry.Id);
                }
            }
        }
        finally
        {
            foreach (var id in taken)
            {
                _owned.Release(id);
            }
        }

        return found.Count;
    }

    /// <summary>When to look again: at the next due time, or soon when what was due at this look is still in hand.</summary>
    private async Task<Instant> NextScanAsync(Instant looked)
    {
        var latest = looked.Plus(LongestPause);
        if (await _file.NextDueAsync(_stopping.Token) is not { } next)
        {
            return latest;
        }

        return next.CompareTo(looked) <= 0 ? looked.Plus(BusyPause) : next.CompareTo(latest) < 0 ? next : latest;
    }

    private async Task GuardAsync(string name, Func<Task> loop)
    {
        while (true)
        {
            try
            {
                await loop();
                return;
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested || _abandon.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                LogLoop(failure, name);
            }

            try
            {
                await Task.Delay(BusyPause, _around.Clock, _stopping.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    [LoggerMessage(5001, LogLevel.Error, "Loop {Loop} failed and goes on")]
    private partial void LogLoop(Exception failure, string loop);

    [LoggerMessage(5003, LogLevel.Warning, "Stopped without telling the other nodes: {Reason}")]
    private partial void LogLeave(string reason);

    [LoggerMessage(5002, LogLevel.Warning, "Stopped with {Count} entries in hand; they are due at the next start")]
    private partial void LogAbandoned(int count);
}
