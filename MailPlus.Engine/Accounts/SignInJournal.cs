using System.Collections.Concurrent;
using MailPlus.Engine.Database;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Accounts;

/// <summary>
/// Notes the last sign-in of accounts and app passwords, and who signed in or tried to, gathered for half a minute so that clients that log in all the time cost
/// one write. Kept for ninety days.
/// </summary>
public sealed class SignInJournal(SystemDatabase database, EventStream events, TimeProvider clock)
{
    private const int DaysKept = 90;
    private const int MostKindsADay = 500;
    private const int MostGathered = 10_000;
    private static readonly TimeSpan Gathering = TimeSpan.FromSeconds(30);
    private readonly ConcurrentDictionary<Kind, Seen> _seen = new();
    private int _sweptOn;

    /// <summary>Runs until cancelled, then writes what is waiting.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var subscription = events.Subscribe(Note);
        using var timer = new PeriodicTimer(Gathering, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                await WriteAsync(cancellationToken);
            }
        }
        finally
        {
            await WriteAsync(CancellationToken.None);
        }
    }

    private static int DayOf(Instant time) => DateOnly.FromDateTime(time.ToDateTimeOffset().UtcDateTime).DayNumber;

    private void Note(MailEvent happened)
    {
        // A storm of failures from everywhere is counted as far as it fits; who succeeds always is.
        if (happened is not SignInAttempted { Account: { } account } attempt || !attempt.Succeeded && _seen.Count >= MostGathered)
        {
            return;
        }

        var kind = new Kind(account.Value, DayOf(attempt.Time), attempt.Protocol, attempt.Client?.ToString() ?? "")
        {
            Credential = attempt.Credential, Failure = attempt.Succeeded ? "" : attempt.Reason, AppPassword = attempt.AppPassword,
        };
        _seen.AddOrUpdate(kind, _ => new Seen(attempt.Time, attempt.Time, 1), (_, seen) => seen with { Last = attempt.Time, Count = seen.Count + 1 });
    }

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        var taken = new Dictionary<Kind, Seen>();
        foreach (var kind in _seen.Keys)
        {
            if (_seen.TryRemove(kind, out var seen))
            {
                taken[kind] = seen;
            }
        }

        if (taken.Count == 0)
        {
            return;
        }

        await database.WriteAsync(
            async context =>
            {
                foreach (var ofAccount in taken.GroupBy(one => one.Key.Account))
                {
                    if (await context.Accounts.FirstOrDefaultAsync(row => row.Id == ofAccount.Key, cancellationToken) is { } account)
                    {
                        await NoteAsync(context, account, [.. ofAccount], cancellationToken);
                    }
                }

                await SweepAsync(context, cancellationToken);
                return true;
            },
            cancellationToken);
    }

    private static async Task NoteAsync(SystemContext context, AccountRow account, IReadOnlyList<KeyValuePair<Kind, Seen>> seen, CancellationToken cancellationToken)
    {
        var days = seen.Select(one => one.Key.Day).Distinct().ToList();
        var rows = await context.SignIns.Where(row => row.AccountId == account.Id && days.Contains(row.Day)).ToListAsync(cancellationToken);
        var passwords = await context.AppPasswords.Where(row => row.AccountId == account.Id).ToListAsync(cancellationToken);
        foreach (var (kind, times) in seen)
        {
            if (kind.Failure.Length == 0)
            {
                account.LastSignIn = Math.Max(account.LastSignIn ?? 0, times.Last.Microseconds);
                if (passwords.Find(row => row.Id == kind.AppPassword) is { } password)
                {
                    (password.LastUsed, password.LastProtocol, password.LastAddress) = (times.Last.Microseconds, kind.Protocol, kind.Address);
                }
            }

            var row = rows.Find(row => row.Day == kind.Day && row.Protocol == kind.Protocol && row.Address == kind.Address && row.Credential == kind.Credential && row.Failure == kind.Failure);
            if (row is null)
            {
                if (kind.Failure.Length > 0 && rows.Count >= MostKindsADay)
                {
                    continue; // attacked from many places: the first of the day tell enough
                }

                row = new SignInRow { AccountId = account.Id, Day = kind.Day, Protocol = kind.Protocol, Address = kind.Address, Credential = kind.Credential, Failure = kind.Failure, First = times.First.Microseconds };
                context.SignIns.Add(row);
                rows.Add(row);
            }

            row.Last = times.Last.Microseconds;
            row.Count += times.Count;
        }
    }

    private async Task SweepAsync(SystemContext context, CancellationToken cancellationToken)
    {
        var today = DayOf(Instant.Now(clock));
        if (_sweptOn == today)
        {
            return;
        }

        _sweptOn = today;
        await context.SignIns.Where(row => row.Day < today - DaysKept).ExecuteDeleteAsync(cancellationToken);
    }

    private sealed record Kind(long Account, int Day, string Protocol, string Address)
    {
        internal string Credential { get; init; } = "";

        internal string Failure { get; init; } = "";

        internal long AppPassword { get; init; }
    }

    private sealed record Seen(Instant First, Instant Last, long Count);
}
