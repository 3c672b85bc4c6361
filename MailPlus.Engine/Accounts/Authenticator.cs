using MailPlus.Engine.Accounts.Credentials;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;

namespace MailPlus.Engine.Accounts;

/// <summary>Checks passwords of local accounts: throttle, memory of verified ones, then Argon2id; an unknown name takes as long as a wrong password.</summary>
public sealed class Authenticator(AddressBook addressBook, PasswordHashing hashing, SignInRules signInRules, EventStream events, TimeProvider clock) : IAuthenticator
{
    private const int LongestPassword = 1024;

    private readonly VerifiedPasswords _verified = new(clock);
    private readonly SignInThrottle _throttle = new(clock);

    /// <inheritdoc/>
    public async ValueTask<Actor> AuthenticateAsync(PasswordCredential credential, CancellationToken cancellationToken)
    {
        var rules = signInRules.Settings.Current.Security;
        var throttled = !signInRules.Run.IsLab(credential.Client);
        var entry = addressBook.FindEntry(credential.Name);

        // Failures count by account where there is one, so that its several names and addresses share one count.
        var key = entry?.Account.Name ?? AddressBook.NameKey(credential.Name);
        if (throttled && _throttle.IsShut(key, credential.Client, rules))
        {
            Publish(credential, entry, false, "throttled");
            throw new RefusedException(new Refusal(RefusalKind.Throttled, "SignInThrottled") { Temporary = true, Detail = $"{credential.Protocol} log-in of '{key}' is shut out" });
        }

        if (credential.Password.Length is > 0 and <= LongestPassword && await IsRightAsync(credential, entry, cancellationToken))
        {
            if (throttled)
            {
                _throttle.RecordSuccess(key, credential.Client);
            }

            Publish(credential, entry, true, "");
            return ActorOf(entry!.Account) with { Address = credential.Client };
        }

        Publish(credential, entry, false, entry is null ? "unknown name" : entry.Account.State == AccountState.Active ? "wrong password" : "deactivated");
        if (throttled)
        {
            await Task.Delay(_throttle.RecordFailure(key, credential.Client, rules), clock, cancellationToken);
        }

        throw new RefusedException(new Refusal(RefusalKind.AuthenticationFailed, "AuthenticationFailed"));
    }

    /// <summary>The actor of an account with the rights it has now.</summary>
    internal static Actor ActorOf(Account account) => Actor.ForAccount(account.Id, account.Name, account.IsAdministrator);

    private async Task<bool> IsRightAsync(PasswordCredential credential, AccountEntry? entry, CancellationToken cancellationToken)
    {
        if (entry is { Account.State: AccountState.Active } && _verified.IsVerified(entry.Account.Id, credential.Password, entry.PasswordHash))
        {
            return true;
        }

        var isRight = await hashing.VerifyAsync(credential.Password, entry?.PasswordHash, cancellationToken);
        if (!isRight || entry is not { Account.State: AccountState.Active })
        {
            return false;
        }

        _verified.Remember(entry.Account.Id, credential.Password, entry.PasswordHash);
        return true;
    }

    private void Publish(PasswordCredential credential, AccountEntry? entry, bool succeeded, string reason) =>
        events.Publish(new SignInAttempted(credential.Name.Length > 320 ? credential.Name[..320] : credential.Name, credential.Protocol, succeeded)
        {
            Time = Instant.Now(clock),
            Account = entry?.Account.Id,
            Client = credential.Client,
            Reason = reason,
        });
}

/// <summary>What decides how hard signing in is made: settings, and the laboratory mode of this run.</summary>
public sealed record SignInRules(ISettingsSource Settings, RunOptions Run);
