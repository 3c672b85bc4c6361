using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Accounts;

/// <summary>A signed-in browser as its owner sees it.</summary>
/// <param name="Id">Identity, no secret.</param>
/// <param name="Account">Whose.</param>
public sealed record WebSession(long Id, AccountId Account)
{
    /// <summary>Sign-in.</summary>
    public Instant Created { get; init; }

    /// <summary>Last request, to the minute.</summary>
    public Instant LastSeen { get; init; }

    /// <summary>Peer at sign-in.</summary>
    public string Address { get; init; } = "";

    /// <summary>User-Agent at sign-in, cut at 300 characters.</summary>
    public string UserAgent { get; init; } = "";
}

/// <summary>
/// Web sessions kept by the server, so that they can be seen and revoked and outlive a restart. The cookie carries the token; the database only its hash.
/// </summary>
public sealed class WebSessions(SystemDatabase database, AddressBook addressBook, ISettingsSource settings)
{
    private const int TokenOctets = 32;
    private const int MaximumCached = 10_000;
    private const int MaximumPerAccount = 50;
    private const int MaximumRows = 1000;
    private static readonly TimeSpan SeenResolution = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Cached> _cache = new(StringComparer.Ordinal);
    private ImmutableArray<Action<long>> _listeners = [];

    /// <summary>Starts a session for an authenticated actor and returns the token for the cookie.</summary>
    public async Task<string> StartAsync(Actor actor, IPAddress? address, string userAgent, CancellationToken cancellationToken)
    {
        var account = actor.Account ?? throw new InvalidOperationException("only accounts have web sessions");
        var token = Convert.ToHexString(RandomNumberGenerator.GetBytes(TokenOctets));
        var hash = Hash(token);
        var now = database.Now.Microseconds;
        var idled = Idled(now);
        await database.WriteAsync(
            async context =>
            {
                await context.WebSessions.Where(row => row.LastSeen < idled).ExecuteDeleteAsync(cancellationToken);

                // The oldest make room: one account's sign-ins never fill the table.
                var surplus = await context.WebSessions.Where(row => row.AccountId == account.Value).OrderByDescending(row => row.LastSeen)
                    .Skip(MaximumPerAccount - 1).ToListAsync(cancellationToken);
                context.WebSessions.RemoveRange(surplus);
                context.AfterCommit(() => Forget(surplus));
                context.WebSessions.Add(new WebSessionRow
                {
                    TokenHash = hash,
                    AccountId = account.Value,
                    Created = now,
                    LastSeen = now,
                    Address = address?.ToString() ?? "",
                    UserAgent = userAgent.Length > 300 ? userAgent[..300] : userAgent,
                });
                return true;
            },
            cancellationToken);
        return token;
    }

    /// <summary>The actor of a token, with the rights it has now; null when the session has ended, idled out (Security.WebIdleMinutes) or its account may not sign in any more. From memory in most cases.</summary>
    public async ValueTask<Actor?> ResumeAsync(string token, IPAddress? address, CancellationToken cancellationToken)
    {
        if (await FindAsync(token, cancellationToken) is not { } session || addressBook.Find(session.Account) is not { State: AccountState.Active } account)
        {
            return null;
        }

        var now = database.Now;
        var lastSeen = Interlocked.Read(ref session.LastSeen);
        if (lastSeen < Idled(now.Microseconds))
        {
            return null;
        }

        // Written once a minute, by whoever comes first.
        if (now.Microseconds - lastSeen > SeenResolution.Ticks / 10 && Interlocked.CompareExchange(ref session.LastSeen, now.Microseconds, lastSeen) == lastSeen)
        {
            await database.WriteAsync(
                context => context.WebSessions.Where(row => row.Id == session.Id).ExecuteUpdateAsync(row => row.SetProperty(r => r.LastSeen, now.Microseconds), cancellationToken),
                cancellationToken);
        }

        return Authenticator.ActorOf(account) with { Address = address };
    }

    /// <summary>Forgets what is remembered of sessions: another process may have ended some.</summary>
    internal Task ForgetAllAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _cache.Clear();
        return Task.CompletedTask;
    }

    /// <summary>Id of the session of a token, null when there is none: to mark "this browser" in a list.</summary>
    public async ValueTask<long?> FindIdAsync(string token, CancellationToken cancellationToken) => (await FindAsync(token, cancellationToken))?.Id;

    /// <summary>Sign-out.</summary>
    public Task EndAsync(string token, CancellationToken cancellationToken)
    {
        var hash = Hash(token);
        return RemoveAsync(rows => rows.Where(row => row.TokenHash == hash), cancellationToken);
    }

    /// <summary>Sessions of an account, newest first; those of others need ManageAccounts.</summary>
    public Task<IReadOnlyList<WebSession>> ListAsync(Actor actor, AccountId account, CancellationToken cancellationToken)
    {
        RequireOwnOrManaged(actor, account);
        var idled = Idled(database.Now.Microseconds);
        return database.ReadAsync<IReadOnlyList<WebSession>>(
            async context =>
            {
                var rows = await context.WebSessions.Where(row => row.AccountId == account.Value && row.LastSeen >= idled)
                    .OrderByDescending(row => row.Created).Take(MaximumRows).ToListAsync(cancellationToken);
                return [.. rows.Select(ToSession)];
            },
            cancellationToken);
    }

    /// <summary>Ends one session; those of others need ManageAccounts.</summary>
    public async Task RevokeAsync(Actor actor, long session, CancellationToken cancellationToken)
    {
        var row = await database.ReadAsync(context => context.WebSessions.FirstOrDefaultAsync(row => row.Id == session, cancellationToken), cancellationToken);
        if (row is not null)
        {
            RequireOwnOrManaged(actor, new AccountId(row.AccountId));
            await RemoveAsync(rows => rows.Where(r => r.Id == session), cancellationToken);
        }
    }

    /// <summary>Ends all sessions of an account, except one (0: none).</summary>
    public Task RevokeAllAsync(Actor actor, AccountId account, long except, CancellationToken cancellationToken)
    {
        RequireOwnOrManaged(actor, account);
        return RemoveAsync(rows => rows.Where(row => row.AccountId == account.Value && row.Id != except), cancellationToken);
    }

    /// <summary>Hears of ended sessions (ids), so that open circuits end too; called on any thread, returns at once.</summary>
    public IDisposable OnEnded(Action<long> ended)
    {
        ImmutableInterlocked.Update(ref _listeners, list => list.Add(ended));
        return new Listening(() => ImmutableInterlocked.Update(ref _listeners, list => list.Remove(ended)));
    }

    /// <summary>Ends sessions inside another change: a reset password, a removed account.</summary>
    internal async Task RemoveAsync(SystemContext context, Func<IQueryable<WebSessionRow>, IQueryable<WebSessionRow>> which, CancellationToken cancellationToken)
    {
        var rows = await which(context.WebSessions).ToListAsync(cancellationToken);
        context.WebSessions.RemoveRange(rows);
        context.AfterCommit(() => Forget(rows));
    }

    private static void RequireOwnOrManaged(Actor actor, AccountId account)
    {
        if (actor.Account != account)
        {
            actor.Require(Permission.ManageAccounts);
        }
    }

    private static string Hash(string token) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    private static WebSession ToSession(WebSessionRow row) => new(row.Id, new AccountId(row.AccountId))
    {
        Created = new Instant(row.Created),
        LastSeen = new Instant(row.LastSeen),
        Address = row.Address,
        UserAgent = row.UserAgent,
    };

    private Task RemoveAsync(Func<IQueryable<WebSessionRow>, IQueryable<WebSessionRow>> which, CancellationToken cancellationToken) => database.WriteAsync(
        async context =>
        {
            await RemoveAsync(context, which, cancellationToken);
            return true;
        },
        cancellationToken);

    private long Idled(long now) => now - settings.Current.Security.WebIdleMinutes * 60_000_000L;

    private async ValueTask<Cached?> FindAsync(string token, CancellationToken cancellationToken)
    {
        if (token.Length != TokenOctets * 2)
        {
            return null;
        }

        var hash = Hash(token);
        if (_cache.TryGetValue(hash, out var known))
        {
            return known;
        }

        var row = await database.ReadAsync(context => context.WebSessions.FirstOrDefaultAsync(row => row.TokenHash == hash, cancellationToken), cancellationToken);
        if (row is null)
        {
            return null;
        }

        if (_cache.Count >= MaximumCached)
        {
            _cache.Clear(); // only a memory of the table
        }

        var cached = _cache.GetOrAdd(hash, _ => new Cached(row.Id, new AccountId(row.AccountId)) { LastSeen = row.LastSeen });

        // It may have been ended between the reading and the adding.
        if (!await database.ReadAsync(context => context.WebSessions.AnyAsync(r => r.Id == row.Id, cancellationToken), cancellationToken))
        {
            _cache.TryRemove(hash, out _);
            return null;
        }

        return cached;
    }

    private void Forget(IReadOnlyList<WebSessionRow> rows)
    {
        foreach (var row in rows)
        {
            _cache.TryRemove(row.TokenHash, out _);
            foreach (var listener in _listeners)
            {
                listener(row.Id);
            }
        }
    }

    private sealed class Cached(long id, AccountId account)
    {
        internal long LastSeen;

        internal long Id { get; } = id;

        internal AccountId Account { get; } = account;
    }

    private sealed class Listening(Action end) : IDisposable
    {
        private Action? _end = end;

        public void Dispose() => Interlocked.Exchange(ref _end, null)?.Invoke();
    }
}
