using System.Globalization;
using MailPlus.Engine.Accounts.Credentials;
using MailPlus.Engine.Database;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Accounts;

/// <summary>An app password as its owner sees it.</summary>
/// <param name="Id">Identity.</param>
/// <param name="Name">What its owner calls it.</param>
/// <param name="Created">When it was made.</param>
public sealed record AppPassword(long Id, string Name, Instant Created)
{
    /// <summary>When it last signed in, null when never.</summary>
    public Instant? LastUsed { get; init; }

    /// <summary>By which protocol then.</summary>
    public string LastProtocol { get; init; } = "";

    /// <summary>From where then.</summary>
    public string LastAddress { get; init; } = "";
}

/// <summary>Sign-ins of a day that are alike.</summary>
/// <param name="Protocol">"smtp", "imap", "pop3", "web"…</param>
/// <param name="Address">From where, "" from this machine.</param>
/// <param name="Last">The last of them.</param>
/// <param name="Count">How many.</param>
public sealed record SignInHistoryEntry(string Protocol, string Address, Instant Last, long Count)
{
    /// <summary>Name of the app password, "" for the account's own.</summary>
    public string Credential { get; init; } = "";

    /// <summary>Whether they succeeded.</summary>
    public bool Succeeded { get; init; }
}

/// <summary>Operations on app passwords and the sign-in history: everybody on their own, with ManageAccounts on those of others. An app password works for SMTP, IMAP and POP3, never for the web.</summary>
public sealed class AppPasswordOperations
{
    private const int MostOfAccount = 50;
    private const int LongestName = 100;
    private const int MostHistory = 200;
    private readonly SystemDatabase _database;
    private readonly AppPasswordBook _book;

    internal AppPasswordOperations(SystemDatabase database, AppPasswordBook book) => (_database, _book) = (database, book);

    /// <summary>App passwords of an account, by name.</summary>
    public Task<IReadOnlyList<AppPassword>> ListAsync(Actor actor, AccountId account, CancellationToken cancellationToken)
    {
        RequireFor(actor, account);
        return _database.ReadAsync<IReadOnlyList<AppPassword>>(
            async context =>
            [
                .. (await context.AppPasswords.AsNoTracking().Where(row => row.AccountId == account.Value).OrderBy(row => row.Name).ThenBy(row => row.Id).ToListAsync(cancellationToken))
                    .Select(row => new AppPassword(row.Id, row.Name, new Instant(row.Created))
                    {
                        LastUsed = row.LastUsed is { } used ? new Instant(used) : null, LastProtocol = row.LastProtocol, LastAddress = row.LastAddress,
                    }),
            ],
            cancellationToken);
    }

    /// <summary>Makes an app password. What is returned is the only time it is ever seen.</summary>
    /// <exception cref="RefusedException">Invalid with field Name; TooMany; NotFound.</exception>
    public async Task<string> AddAsync(Actor actor, AccountId account, string name, CancellationToken cancellationToken)
    {
        RequireFor(actor, account);
        var trimmed = name.Trim();
        if (trimmed.Length is 0 or > LongestName || trimmed.Any(char.IsControl))
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "NameMalformed") { Field = "Name", Arguments = [LongestName.ToString(CultureInfo.InvariantCulture)] });
        }

        var text = AppPasswordText.Make();
        await _database.WriteAsync(
            async context =>
            {
                var owner = await FindAsync(context, actor, account, cancellationToken);
                if (await context.AppPasswords.CountAsync(row => row.AccountId == account.Value, cancellationToken) >= MostOfAccount)
                {
                    throw new RefusedException(new Refusal(RefusalKind.TooMany, "TooManyAppPasswords") { Arguments = [MostOfAccount.ToString(CultureInfo.InvariantCulture)] });
                }

                context.AppPasswords.Add(new AppPasswordRow { AccountId = account.Value, Name = trimmed, Hash = AppPasswordText.Hash(text)!, Created = _database.Now.Microseconds });
                Record(context, actor, "AppPasswordCreated", owner.Name, trimmed);
                await _book.RefreshAsync(context, cancellationToken);
                return true;
            },
            cancellationToken);
        return text;
    }

    /// <summary>Revokes an app password.</summary>
    /// <exception cref="RefusedException">NotFound.</exception>
    public Task RemoveAsync(Actor actor, AccountId account, long password, CancellationToken cancellationToken)
    {
        RequireFor(actor, account);
        return _database.WriteAsync(
            async context =>
            {
                var owner = await FindAsync(context, actor, account, cancellationToken);
                var row = await context.AppPasswords.FirstOrDefaultAsync(row => row.Id == password && row.AccountId == account.Value, cancellationToken)
                    ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "AppPasswordUnknown"));
                context.AppPasswords.Remove(row);
                Record(context, actor, "AppPasswordRevoked", owner.Name, row.Name);
                await _book.RefreshAsync(context, cancellationToken);
                return true;
            },
            cancellationToken);
    }

    /// <summary>Who signed in to an account or tried to, the latest first.</summary>
    public Task<IReadOnlyList<SignInHistoryEntry>> HistoryAsync(Actor actor, AccountId account, CancellationToken cancellationToken)
    {
        RequireFor(actor, account);
        return _database.ReadAsync<IReadOnlyList<SignInHistoryEntry>>(
            async context =>
            [
                .. (await context.SignIns.AsNoTracking().Where(row => row.AccountId == account.Value).OrderByDescending(row => row.Last).Take(MostHistory).ToListAsync(cancellationToken))
                    .Select(row => new SignInHistoryEntry(row.Protocol, row.Address, new Instant(row.Last), row.Count) { Credential = row.Credential, Succeeded = row.Failure.Length == 0 }),
            ],
            cancellationToken);
    }

    private static void RequireFor(Actor actor, AccountId account)
    {
        if (actor.Account != account)
        {
            actor.Require(Permission.ManageAccounts);
        }
    }

    private static async Task<AccountRow> FindAsync(SystemContext context, Actor actor, AccountId account, CancellationToken cancellationToken)
    {
        var row = await context.Accounts.FirstOrDefaultAsync(row => row.Id == account.Value, cancellationToken) ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "AccountUnknown"));
        if (actor.Account != account)
        {
            AccountRules.RequireMayTouch(actor, row);
        }

        return row;
    }

    private void Record(SystemContext context, Actor actor, string action, string target, string detail) =>
        AdminTrail.Add(context, new AdminActed(actor.Name, action, target) { Time = _database.Now, Client = actor.Address, Detail = detail });
}
