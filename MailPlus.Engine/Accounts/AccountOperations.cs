using MailPlus.Engine.Accounts.Activation;
using MailPlus.Engine.Database;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Accounts;

/// <summary>Operations on accounts (Account page, <c>account</c> verbs, REST). Permission ManageAccounts, except for what one does to one's own account.</summary>
public sealed class AccountOperations : IQuotaOperations
{
    private const int MaximumAtOnce = 10_000;
    private readonly SystemDatabase _database;
    private readonly AddressBook _addressBook;
    private readonly AccountPasswords _passwords;
    private readonly AccountMail _mail;
    private readonly Seating _seating;

    internal AccountOperations(SystemDatabase database, AddressBook addressBook, AccountPasswords passwords, AccountMail mail, Seating seating) =>
        (_database, _addressBook, _passwords, _mail, _seating) = (database, addressBook, passwords, mail, seating);

    /// <summary>Adds an account, joins it to its domain and makes its mailboxes.</summary>
    /// <exception cref="RefusedException">NotAllowed; Invalid with a field; AlreadyExists (name or address); NotFound (domain).</exception>
    public async Task<Account> CreateAsync(Actor actor, NewAccount account, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageAccounts);
        AccountRules.Check(account);
        var stored = await _passwords.HashAsync(actor, account.Password, cancellationToken);
        var id = await AccountIds.ReserveAsync(_database, cancellationToken);

        // Mailboxes first: an account that can be seen can receive. A crash before the row leaves an empty folder under a number that is never used again.
        await _mail.CreateAsync(id, cancellationToken);
        return await _database.WriteAsync(
            async context =>
            {
                var row = await AccountCreation.AddAsync(context, _addressBook, new AccountDraft(id, actor, account, stored, _database.Now), cancellationToken);
                await _seating.SettleAsync(context, new SeatingChange(actor, _database.Now) { Only = [row.Id], IsDemanded = _ => true }, cancellationToken);
                return AccountRows.ToAccount(row);
            },
            cancellationToken);
    }

    /// <summary>Lists accounts.</summary>
    public Task<Page<Account>> ListAsync(Actor actor, AccountQuery query, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageAccounts);
        return _database.ReadAsync(context => AccountListing.ReadAsync(context, query, cancellationToken), cancellationToken);
    }

    /// <summary>One account; one's own needs no permission.</summary>
    /// <exception cref="RefusedException">NotFound.</exception>
    public Task<Account> GetAsync(Actor actor, AccountId account, CancellationToken cancellationToken)
    {
        if (actor.Account != account)
        {
            actor.Require(Permission.ManageAccounts);
        }

        return _database.ReadAsync(async context => AccountRows.ToAccount(await FindAsync(context, account, cancellationToken)), cancellationToken);
    }

    /// <summary>Changes properties.</summary>
    /// <exception cref="RefusedException">NotFound; Invalid; NotAllowed with key LastAdministrator.</exception>
    public Task<Account> UpdateAsync(Actor actor, AccountId account, AccountChange change, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageAccounts);
        AccountRules.Check(change);
        return ChangeAsync(
            actor,
            account,
            "AccountChanged",
            async (context, row) =>
            {
                AccountRules.RequireMayTouch(actor, row);
                if (change.IsAdministrator is { } isAdministrator && isAdministrator != row.IsAdministrator)
                {
                    AccountRules.RequireAdministrator(actor);
                    await RequireAnotherAdministratorAsync(context, [account], cancellationToken);
                    row.IsAdministrator = isAdministrator;
                }

                if (change.IsDisabled is { } isDisabled && isDisabled != row.IsDisabled)
                {
                    row.IsDisabled = isDisabled;
                    await _seating.SettleAsync(context, new SeatingChange(actor, _database.Now) { Only = [row.Id] }, cancellationToken);
                }

                row.DisplayName = change.DisplayName?.Trim() ?? row.DisplayName;
                row.DisplayKey = AddressBook.NameKey(row.DisplayName);
                row.Language = change.Language ?? row.Language;
                row.QuotaOctets = change.Quota is { } quota ? quota.Octets : row.QuotaOctets;
                row.QuotaMessages = change.MessageQuota is { } messages ? messages.Messages : row.QuotaMessages;
                if (change.PrimaryAddress is { } primary)
                {
                    if (row.Addresses.All(address => address.AddressKey != primary.Key))
                    {
                        throw new RefusedException(new Refusal(RefusalKind.Invalid, "AddressNotOwned") { Field = "PrimaryAddress", Arguments = [primary.ToDisplayString()] });
                    }

                    row.Addresses.ForEach(address => address.IsPrimary = address.AddressKey == primary.Key);
                }
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task SetQuotaAsync(Actor actor, AccountId account, QuotaLimits limits, CancellationToken cancellationToken) =>
        UpdateAsync(actor, account, new AccountChange { Quota = new AccountQuota(limits.Octets), MessageQuota = new AccountMessageQuota(limits.Messages) }, cancellationToken);

    /// <summary>Activates or deactivates accounts; all or none. Returns how many changed.</summary>
    /// <exception cref="RefusedException">NotFound; NotAllowed with key LastAdministrator.</exception>
    public Task<int> SetStateAsync(Actor actor, IReadOnlyList<AccountId> accounts, AccountState state, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageAccounts);
        return _database.WriteAsync(
            async context =>
            {
                var rows = await FindAllAsync(context, accounts, cancellationToken);
                if (state == AccountState.Deactivated)
                {
                    await RequireAnotherAdministratorAsync(context, accounts, cancellationToken);
                }

                var choice = (int)(state == AccountState.Active ? ActivationChoice.Activate : ActivationChoice.Deactivate);
                foreach (var row in rows.Where(row => row.Activation != choice || row.State != (int)state))
                {
                    AccountRules.RequireMayTouch(actor, row);
                    row.Activation = choice;
                    Record(context, actor, state == AccountState.Active ? "AccountActivated" : "AccountDeactivated", row);
                    context.AfterCommit(() => _addressBook.Set(AccountRows.ToEntry(row)));
                }

                return await _seating.SettleAsync(
                    context, new SeatingChange(actor, _database.Now) { Only = [.. rows.Select(row => row.Id)], IsDemanded = _ => state == AccountState.Active }, cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>Resets somebody's password; ends their web sessions.</summary>
    /// <exception cref="RefusedException">NotFound; Invalid with field "Password".</exception>
    public async Task SetPasswordAsync(Actor actor, AccountId account, string password, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageAccounts);
        await StorePasswordAsync(actor, account, "PasswordReset", password, cancellationToken);
    }

    /// <summary>Changes the actor's own password.</summary>
    /// <exception cref="RefusedException">AuthenticationFailed with field "OldPassword"; Throttled; Invalid with field "Password".</exception>
    public async Task ChangeOwnPasswordAsync(Actor actor, string oldPassword, string password, CancellationToken cancellationToken)
    {
        var account = RequireAccount(actor);
        await _passwords.RequireOwnAsync(actor, oldPassword, cancellationToken);
        await StorePasswordAsync(actor, account, "PasswordChanged", password, cancellationToken);
    }

    /// <summary>Changes the actor's own display name and language.</summary>
    public Task<Account> UpdateOwnAsync(Actor actor, string? displayName, string? language, CancellationToken cancellationToken)
    {
        AccountRules.Check(new AccountChange { DisplayName = displayName, Language = language });
        return ChangeAsync(
            actor,
            RequireAccount(actor),
            "AccountChanged",
            (_, row) =>
            {
                row.DisplayName = displayName?.Trim() ?? row.DisplayName;
                row.DisplayKey = AddressBook.NameKey(row.DisplayName);
                row.Language = language ?? row.Language;
                return Task.CompletedTask;
            },
            cancellationToken);
    }

    /// <summary>Removes accounts and their mail for good. Returns how many.</summary>
    /// <exception cref="RefusedException">NotAllowed with key LastAdministrator or OwnAccount.</exception>
    public async Task<int> DeleteAsync(Actor actor, IReadOnlyList<AccountId> accounts, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageAccounts);
        if (actor.Account is { } own && accounts.Contains(own))
        {
            throw new RefusedException(new Refusal(RefusalKind.NotAllowed, "OwnAccount"));
        }

        var removed = await _database.WriteAsync(
            async context =>
            {
                var rows = await FindAllAsync(context, accounts, cancellationToken);
                await RequireAnotherAdministratorAsync(context, accounts, cancellationToken);
                foreach (var row in rows)
                {
                    AccountRules.RequireMayTouch(actor, row);
                    Record(context, actor, "AccountDeleted", row);
                    AccountIds.AddDeletion(context, new AccountId(row.Id));
                    context.AfterCommit(() => _addressBook.Remove(new AccountId(row.Id)));
                }

                var ids = rows.Select(row => row.Id).ToList();
                await _seating.Sessions.RemoveAsync(context, all => all.Where(session => ids.Contains(session.AccountId)), cancellationToken);
                context.Accounts.RemoveRange(rows);
                await _seating.SettleAsync(context, new SeatingChange(actor, _database.Now) { Only = [] }, cancellationToken);
                return ids;
            },
            cancellationToken);
        await AccountIds.FinishDeletionsAsync(_database, _mail, cancellationToken);
        return removed.Count;
    }

    private static async Task<AccountRow> FindAsync(SystemContext context, AccountId account, CancellationToken cancellationToken) =>
        await context.Accounts.Include(row => row.Addresses).FirstOrDefaultAsync(row => row.Id == account.Value, cancellationToken)
        ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "AccountUnknown"));

    private static async Task<List<AccountRow>> FindAllAsync(SystemContext context, IReadOnlyList<AccountId> accounts, CancellationToken cancellationToken)
    {
        if (accounts.Count > MaximumAtOnce)
        {
            throw new RefusedException(new Refusal(RefusalKind.TooMany, "TooManyAtOnce"));
        }

        var ids = accounts.Select(account => account.Value).Distinct().ToList();
        var rows = await context.Accounts.Include(row => row.Addresses).Where(row => ids.Contains(row.Id)).ToListAsync(cancellationToken);
        return rows.Count == ids.Count ? rows : throw new RefusedException(new Refusal(RefusalKind.NotFound, "AccountUnknown"));
    }

    /// <summary>Ends the operation when none of the active administrators is outside <paramref name="leaving"/>, but one is inside.</summary>
    private static async Task RequireAnotherAdministratorAsync(SystemContext context, IReadOnlyList<AccountId> leaving, CancellationToken cancellationToken)
    {
        var administrators = await context.Accounts.Where(row => row.IsAdministrator && row.State == (int)AccountState.Active).Select(row => row.Id).ToListAsync(cancellationToken);
        if (administrators.Count > 0 && administrators.All(id => leaving.Contains(new AccountId(id))))
        {
            throw new RefusedException(new Refusal(RefusalKind.NotAllowed, "LastAdministrator"));
        }
    }

    private static AccountId RequireAccount(Actor actor) => actor.Account ?? throw new RefusedException(new Refusal(RefusalKind.NotAllowed, "NotAllowed"));

    private async Task StorePasswordAsync(Actor actor, AccountId account, string action, string password, CancellationToken cancellationToken)
    {
        var stored = await _passwords.HashAsync(actor, password, cancellationToken);
        await ChangeAsync(
            actor,
            account,
            action,
            async (context, row) =>
            {
                AccountRules.RequireMayTouch(actor, row);
                row.PasswordHash = stored.Hash;
                row.ScramVerifier = stored.ScramVerifier;
                await _seating.Sessions.RemoveAsync(context, all => all.Where(session => session.AccountId == account.Value), cancellationToken);
            },
            cancellationToken);
    }

    private Task<Account> ChangeAsync(Actor actor, AccountId account, string action, Func<SystemContext, AccountRow, Task> change, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            async context =>
            {
                var row = await FindAsync(context, account, cancellationToken);
                await change(context, row);
                Record(context, actor, action, row);
                context.AfterCommit(() => _addressBook.Set(AccountRows.ToEntry(row)));
                return AccountRows.ToAccount(row);
            },
            cancellationToken);

    private void Record(SystemContext context, Actor actor, string action, AccountRow row) =>
        AdminTrail.Add(context, new AdminActed(actor.Name, action, AccountRows.ToAccount(row).PrimaryAddress.ToDisplayString()) { Time = _database.Now, Client = actor.Address });
}
