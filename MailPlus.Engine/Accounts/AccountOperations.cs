using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Accounts;

/// <summary>Operations on accounts (Account page, <c>account</c> verbs, REST). Permission ManageAccounts, except for what one does to one's own account.</summary>
public sealed class AccountOperations
{
    /// <summary>Adds an account, joins it to its domain and makes its mailboxes.</summary>
    /// <exception cref="RefusedException">NotAllowed; Invalid with a field; AlreadyExists (name or address); NotFound (domain).</exception>
    public Task<Account> CreateAsync(Actor actor, NewAccount account, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Lists accounts.</summary>
    public Task<Page<Account>> ListAsync(Actor actor, AccountQuery query, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>One account; one's own needs no permission.</summary>
    /// <exception cref="RefusedException">NotFound.</exception>
    public Task<Account> GetAsync(Actor actor, AccountId account, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Changes properties.</summary>
    /// <exception cref="RefusedException">NotFound; Invalid; NotAllowed with key LastAdministrator.</exception>
    public Task<Account> UpdateAsync(Actor actor, AccountId account, AccountChange change, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Activates or deactivates accounts; all or none. Returns how many changed.</summary>
    /// <exception cref="RefusedException">NotFound; NotAllowed with key LastAdministrator.</exception>
    public Task<int> SetStateAsync(Actor actor, IReadOnlyList<AccountId> accounts, AccountState state, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Resets somebody's password; ends their web sessions.</summary>
    /// <exception cref="RefusedException">NotFound; Invalid with field "Password".</exception>
    public Task SetPasswordAsync(Actor actor, AccountId account, string password, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Changes the actor's own password.</summary>
    /// <exception cref="RefusedException">AuthenticationFailed with field "OldPassword"; Throttled; Invalid with field "Password".</exception>
    public Task ChangeOwnPasswordAsync(Actor actor, string oldPassword, string password, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Changes the actor's own display name and language.</summary>
    public Task<Account> UpdateOwnAsync(Actor actor, string? displayName, string? language, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Removes accounts and their mail for good. Returns how many.</summary>
    /// <exception cref="RefusedException">NotAllowed with key LastAdministrator or OwnAccount.</exception>
    public Task<int> DeleteAsync(Actor actor, IReadOnlyList<AccountId> accounts, CancellationToken cancellationToken) => throw new NotImplementedException();
}
