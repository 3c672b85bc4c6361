using System.Collections.Concurrent;
using System.Text;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Resolver;
using MailPlus.Engine.Smtp.Client;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace MailPlus.Engine.Delivery.Remote.Sts;

/// <summary>The policy of a domain.</summary>
/// <param name="Policy">Null when there is none.</param>
/// <param name="Fault">What was wrong when it was looked for; a kept policy may hold nevertheless.</param>
/// <param name="Reason">Of the fault, for people.</param>
internal sealed record StsFinding(StsPolicy? Policy, TlsFault Fault, string Reason)
{
    public static StsFinding Nothing { get; } = new(null, TlsFault.None, "");
}

/// <summary>
/// Policies of MTA-STS, kept in the system database as long as they hold (RFC 8461 3.3): looked for when mail goes out, fetched again when the domain
/// announces another one and once a day otherwise. One that cannot be had leaves the kept one in force (RFC 8461 5.1).
/// </summary>
internal sealed partial class StsPolicies : IAsyncDisposable
{
    private const int MostPolicies = 50_000;
    private const int MostFailures = 10_000;
    private const int MostRefreshed = 500;
    private static readonly TimeSpan Fresh = TimeSpan.FromDays(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Round = TimeSpan.FromHours(1);

    private readonly SystemDatabase _database;
    private readonly IDnsResolver _resolver;
    private readonly StsFetch _fetch;
    private readonly TimeProvider _clock;
    private readonly ILogger<StsPolicies> _log;
    private readonly CancellationTokenSource _closing = new();
    private readonly ConcurrentDictionary<string, Known> _known = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Failure> _failures = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lazy<Task<StsFetched>>> _fetching = new(StringComparer.Ordinal);

    private StsPolicies(SystemDatabase database, IDnsResolver resolver, StsFetch fetch, TimeProvider clock, ILogger<StsPolicies> log)
    {
        _database = database;
        _resolver = resolver;
        _fetch = fetch;
        _clock = clock;
        _log = log;
    }

    /// <summary>Reads what is kept.</summary>
    /// <param name="database">Where.</param>
    /// <param name="resolver">DNS.</param>
    /// <param name="fetch">The way to policy hosts; closed along.</param>
    /// <param name="clock">Clock.</param>
    /// <param name="log">Log.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public static async Task<StsPolicies> OpenAsync(
        SystemDatabase database, IDnsResolver resolver, StsFetch fetch, TimeProvider clock, ILogger<StsPolicies> log, CancellationToken cancellationToken)
    {
        var policies = new StsPolicies(database, resolver, fetch, clock, log);
        var rows = await database.ReadAsync(context => context.StsPolicies.OrderByDescending(row => row.Fetched).Take(MostPolicies).ToListAsync(cancellationToken), cancellationToken);
        foreach (var row in rows)
        {
            if (StsPolicy.Parse(Encoding.UTF8.GetBytes(row.Document)) is { } policy)
            {
                policies._known[row.Domain] = new Known(policy, row.PolicyId, new Instant(row.Fetched));
            }
        }

        return policies;
    }

    /// <summary>The policy that holds for a domain now.</summary>
    public async ValueTask<StsFinding> FindAsync(string domain, CancellationToken cancellationToken)
    {
        var now = Instant.Now(_clock);
        var announced = await _resolver.QueryTxtAsync($"_mta-sts.{domain}", cancellationToken);
        var kept = _known.TryGetValue(domain, out var known) && known.Holds(now) ? known : null;
        if (!announced.IsFound || StsRecord.Id(announced.Records) is not { } id)
        {
            return Of(kept); // whoever hides the record does not get rid of a policy that is known
        }

        if (kept is not null && kept.Id == id && !kept.IsStale(now))
        {
            return Of(kept);
        }

        if (_failures.TryGetValue(domain, out var failure) && failure.Id == id && now.CompareTo(failure.At.Plus(Pause)) < 0)
        {
            return Of(kept);
        }

        var fetched = await FetchAsync(domain, id).WaitAsync(cancellationToken);
        return fetched.Policy is null ? new StsFinding(kept?.Policy, fetched.Fault, fetched.Reason) : new StsFinding(fetched.Policy, TlsFault.None, "");
    }

    /// <summary>Fetches kept policies again before they end, so that nobody gets rid of one by waiting (RFC 8461 10.2); until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Round, _clock);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            await RefreshAsync(cancellationToken);
        }
    }

    /// <summary>One round of it.</summary>
    internal async Task RefreshAsync(CancellationToken cancellationToken)
    {
        var now = Instant.Now(_clock);
        foreach (var (domain, known) in _known)
        {
            if (!known.Holds(now))
            {
                _known.TryRemove(KeyValuePair.Create(domain, known));
            }
        }

        await _database.WriteAsync(context => context.StsPolicies.Where(row => row.Expires <= now.Microseconds).ExecuteDeleteAsync(cancellationToken), cancellationToken);
        foreach (var (domain, known) in _known.Where(pair => pair.Value.IsStale(now)).Take(MostRefreshed).ToList())
        {
            await FetchAsync(domain, known.Id).WaitAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await Task.WhenAll(_fetching.Values.Select(running => (Task)running.Value)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _fetch.Dispose();
        _closing.Dispose();
    }

    private static StsFinding Of(Known? kept) => kept is null ? StsFinding.Nothing : new StsFinding(kept.Policy, TlsFault.None, "");

    /// <summary>One fetch at a time for a domain, whoever waits for it.</summary>
    private Task<StsFetched> FetchAsync(string domain, string id) => _fetching.GetOrAdd(domain, _ => new Lazy<Task<StsFetched>>(() => Task.Run(() => FetchAndKeepAsync(domain, id)))).Value;

    private async Task<StsFetched> FetchAndKeepAsync(string domain, string id)
    {
        try
        {
            var fetched = await _fetch.FetchAsync(domain, _closing.Token);
            var now = Instant.Now(_clock);
            if (fetched.Policy is null)
            {
                if (_failures.Count >= MostFailures)
                {
                    _failures.Clear(); // a wrong guess costs one fetch
                }

                _failures[domain] = new Failure(id, now);
                LogFailed(domain, fetched.Reason);
                return fetched;
            }

            _failures.TryRemove(domain, out _);
            if (_known.Count < MostPolicies || _known.ContainsKey(domain))
            {
                var known = new Known(fetched.Policy, id, now);
                _known[domain] = known;
                await KeepAsync(domain, known, fetched.Document);
            }

            return fetched;
        }
        finally
        {
            _fetching.TryRemove(domain, out _);
        }
    }

    private async Task KeepAsync(string domain, Known known, byte[] document)
    {
        try
        {
            await _database.WriteAsync(
                async context =>
                {
                    var row = await context.StsPolicies.FindAsync([domain], _closing.Token);
                    if (row is null)
                    {
                        context.StsPolicies.Add(row = new StsPolicyRow { Domain = domain });
                    }

                    row.PolicyId = known.Id;
                    row.Document = Encoding.UTF8.GetString(document).Replace("\0", "", StringComparison.Ordinal);
                    row.Fetched = known.Fetched.Microseconds;
                    row.Expires = known.Fetched.Plus(known.Policy.Lifetime).Microseconds;
                    return true;
                },
                _closing.Token);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogNotKept(failure, domain); // it holds until the next start
        }
    }

    [LoggerMessage(5521, LogLevel.Warning, "The MTA-STS policy of {Domain} could not be fetched: {Reason}")]
    private partial void LogFailed(string domain, string reason);

    [LoggerMessage(5522, LogLevel.Error, "The MTA-STS policy of {Domain} could not be stored")]
    private partial void LogNotKept(Exception failure, string domain);

    private sealed record Known(StsPolicy Policy, string Id, Instant Fetched)
    {
        public bool Holds(Instant now) => now.CompareTo(Fetched.Plus(Policy.Lifetime)) < 0;

        public bool IsStale(Instant now) => now.CompareTo(Fetched.Plus(Policy.Lifetime / 2 < Fresh ? Policy.Lifetime / 2 : Fresh)) >= 0;
    }

    private sealed record Failure(string Id, Instant At);
}
