using MailPlus.Engine.Accounts.Activation;
using MailPlus.Engine.Database;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Accounts.Licensing;

/// <summary>An installed key (LIC-15).</summary>
/// <param name="Token">The key itself.</param>
/// <param name="Key">What it says, null when it says nothing that counts.</param>
/// <param name="Added">When it was installed.</param>
/// <param name="Validity">Whether it counts today.</param>
public sealed record InstalledLicence(string Token, LicenceKey? Key, Instant Added, LicenceValidity Validity);

/// <summary>The License page: keys and seats (LIC-15, LIC-16).</summary>
/// <param name="Keys">Installed keys, the newest last.</param>
/// <param name="Seats">How many accounts may be active, and are.</param>
public sealed record LicenceOverview(IReadOnlyList<InstalledLicence> Keys, LicenceSeats Seats);

/// <summary>What adding a key would do (LIC-14).</summary>
/// <param name="Token">The key as typed.</param>
/// <param name="Key">What it says, null when it is refused.</param>
/// <param name="Fault">Why it is refused, null when it is good.</param>
/// <param name="IsDuplicate">Typed twice or installed already: counted once (LIC-B9).</param>
public sealed record LicenceCheck(string Token, LicenceKey? Key, Refusal? Fault, bool IsDuplicate);

/// <summary>Operations on licence keys (License page, <c>licence</c> verbs, REST). Administrators only: licences are never delegated (LIC-24).</summary>
public sealed class LicenceOperations
{
    private const int MaximumAtOnce = 100;
    private readonly SystemDatabase _database;
    private readonly Licences _licences;
    private readonly Seating _seating;

    internal LicenceOperations(SystemDatabase database, Licences licences, Seating seating) => (_database, _licences, _seating) = (database, licences, seating);

    /// <summary>Installed keys and seats.</summary>
    /// <exception cref="RefusedException">NotAllowed.</exception>
    public Task<LicenceOverview> GetAsync(Actor actor, CancellationToken cancellationToken)
    {
        AccountRules.RequireAdministrator(actor);
        return _database.ReadAsync(context => ReadAsync(context, cancellationToken), cancellationToken);
    }

    /// <summary>What adding these keys would do; blank ones are passed over.</summary>
    public Task<IReadOnlyList<LicenceCheck>> CheckAsync(Actor actor, IReadOnlyList<string> tokens, CancellationToken cancellationToken)
    {
        AccountRules.RequireAdministrator(actor);
        return _database.ReadAsync(context => CheckAsync(context, tokens, cancellationToken), cancellationToken);
    }

    /// <summary>Installs keys, all or none (LIC-B10); one that is there already or typed twice is counted once and reported (LIC-B9).</summary>
    /// <exception cref="RefusedException">Invalid for the first bad key; NotAllowed.</exception>
    public Task<IReadOnlyList<LicenceCheck>> AddAsync(Actor actor, IReadOnlyList<string> tokens, CancellationToken cancellationToken)
    {
        AccountRules.RequireAdministrator(actor);
        return _database.WriteAsync(
            async context =>
            {
                var checks = await CheckAsync(context, tokens, cancellationToken);
                if (checks.Count == 0)
                {
                    throw new RefusedException(new Refusal(RefusalKind.Invalid, "LicenceMissing") { Field = "Keys" });
                }

                if (checks.FirstOrDefault(check => check.Fault is not null) is { Fault: { } fault })
                {
                    throw new RefusedException(fault);
                }

                foreach (var check in checks.Where(check => !check.IsDuplicate))
                {
                    context.Licences.Add(new LicenceRow { KeyId = check.Key!.Id, Token = check.Token, Added = _database.Now.Microseconds });
                    AdminTrail.Add(context, new AdminActed(actor.Name, "LicenceAdded", check.Key.Id) { Time = _database.Now, Client = actor.Address, Detail = $"{check.Key.Accounts}" });
                }

                await _seating.SettleAsync(context, new SeatingChange(actor, _database.Now), cancellationToken); // those who wait for a seat
                return checks;
            },
            cancellationToken);
    }

    /// <summary>Verifies all keys again and gives free seats to those who wait (LIC-21).</summary>
    public Task<LicenceOverview> RecheckAsync(Actor actor, CancellationToken cancellationToken)
    {
        AccountRules.RequireAdministrator(actor);
        return _database.WriteAsync(
            async context =>
            {
                await _seating.SettleAsync(context, new SeatingChange(actor, _database.Now), cancellationToken);
                return await ReadAsync(context, cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>Verifies the keys at start and once an hour, so that a day that ends one is seen (LIC-21).</summary>
    internal async Task RunAsync(TimeProvider clock, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromHours(1), clock);
        do
        {
            await RecheckAsync(Actor.System, cancellationToken);
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    private async Task<LicenceOverview> ReadAsync(SystemContext context, CancellationToken cancellationToken)
    {
        var now = _database.Now;
        var rows = await context.Licences.OrderBy(row => row.Id).ToListAsync(cancellationToken);
        var keys = rows.Select(row =>
        {
            var key = _licences.Authority.Read(row.Token);
            return new InstalledLicence(row.Token, key, new Instant(row.Added), Licences.ValidityOf(key, Licences.Day(now)));
        });
        return new LicenceOverview([.. keys], await _licences.CountAsync(context, now, cancellationToken));
    }

    private async Task<IReadOnlyList<LicenceCheck>> CheckAsync(SystemContext context, IReadOnlyList<string> tokens, CancellationToken cancellationToken)
    {
        if (tokens.Count > MaximumAtOnce)
        {
            throw new RefusedException(new Refusal(RefusalKind.TooMany, "TooManyAtOnce"));
        }

        var checks = new List<LicenceCheck>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < tokens.Count; i++)
        {
            var token = string.Concat((tokens[i] ?? "").Where(c => !char.IsWhiteSpace(c))); // a key that a mail program wrapped
            if (token.Length == 0)
            {
                continue;
            }

            var key = _licences.Authority.Read(token);
            var fault = key is null ? new Refusal(RefusalKind.Invalid, "LicenceInvalid") { Field = $"Keys[{i}]" }
                : Licences.ValidityOf(key, Licences.Day(_database.Now)) == LicenceValidity.Expired ? new Refusal(RefusalKind.Invalid, "LicenceExpired") { Field = $"Keys[{i}]", Arguments = [$"{key.Until:yyyy-MM-dd}"] }
                : null;
            var isDuplicate = key is not null && (!seen.Add(key.Id) || await context.Licences.AnyAsync(row => row.KeyId == key.Id, cancellationToken));
            checks.Add(new LicenceCheck(token, key, fault, isDuplicate));
        }

        return checks;
    }
}
