using System.Collections.Concurrent;
using MailPlus.Engine.Database;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Accounts;

/// <summary>Notes the last sign-in of accounts, gathered for half a minute so that clients that log in all the time cost one write.</summary>
public sealed class SignInJournal(SystemDatabase database, EventStream events, TimeProvider clock)
{
    private static readonly TimeSpan Gathering = TimeSpan.FromSeconds(30);
    private readonly ConcurrentDictionary<AccountId, Instant> _seen = new();

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

    private void Note(MailEvent happened)
    {
        if (happened is SignInAttempted { Succeeded: true, Account: { } account })
        {
            _seen[account] = happened.Time;
        }
    }

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        var taken = new Dictionary<long, long>();
        foreach (var account in _seen.Keys)
        {
            if (_seen.TryRemove(account, out var time))
            {
                taken[account.Value] = time.Microseconds;
            }
        }

        if (taken.Count == 0)
        {
            return;
        }

        await database.WriteAsync(
            async context =>
            {
                var ids = taken.Keys.ToList();
                foreach (var row in await context.Accounts.Where(row => ids.Contains(row.Id)).ToListAsync(cancellationToken))
                {
                    row.LastSignIn = taken[row.Id];
                }

                return true;
            },
            cancellationToken);
    }
}
