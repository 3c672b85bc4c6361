using MailPlus.Engine.Accounts.Credentials;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;

namespace MailPlus.Engine.Accounts;

/// <summary>Checks passwords of local accounts: the gate, memory of verified ones, then Argon2id; an unknown name takes as long as a wrong password.</summary>
public sealed class Authenticator(SignInGate gate, PasswordHashing hashing, TimeProvider clock) : IAuthenticator
{
    private const int LongestPassword = 1024;

    private readonly VerifiedPasswords _verified = new(clock);

    /// <summary>App passwords; null where there are none.</summary>
    internal AppPasswordBook? AppPasswords { get; init; }

    /// <inheritdoc/>
    public async ValueTask<Actor> AuthenticateAsync(PasswordCredential credential, CancellationToken cancellationToken)
    {
        var attempt = await gate.BeginAsync(credential.Name, credential.Protocol, credential.Client, cancellationToken);
        if (AppPasswordOf(attempt, credential) is { } app)
        {
            return await gate.EndAsync(attempt with { AppPassword = app }, isProven: true, cancellationToken);
        }

        var isRight = credential.Password.Length is > 0 and <= LongestPassword && await IsRightAsync(credential.Password, attempt.Entry, cancellationToken);
        if (!isRight && attempt.Entry is { } known && await gate.ChangedAsync(known, cancellationToken) is { } changed)
        {
            attempt = attempt with { Entry = changed };
            isRight = credential.Password.Length is > 0 and <= LongestPassword && await IsRightAsync(credential.Password, changed, cancellationToken);
        }

        // Another node may have made it; what it has confirmed is known here by now.
        return !isRight && AppPasswordOf(attempt, credential) is { } made
            ? await gate.EndAsync(attempt with { AppPassword = made }, isProven: true, cancellationToken)
            : await gate.EndAsync(attempt, isRight, cancellationToken);
    }

    /// <summary>The actor of an account with the rights it has now.</summary>
    internal static Actor ActorOf(Account account) => SignInGate.ActorOf(account);

    /// <summary>The app password that was given, for mail programs only: the web asks for the account's own.</summary>
    private AppPasswordMatch? AppPasswordOf(SignInAttempt attempt, PasswordCredential credential) =>
        credential.Protocol != "web" && attempt.Entry is { Account.State: AccountState.Active } entry ? AppPasswords?.Match(entry.Account.Id, credential.Password) : null;

    private async Task<bool> IsRightAsync(string password, AccountEntry? entry, CancellationToken cancellationToken)
    {
        if (entry is { Account.State: AccountState.Active } && _verified.IsVerified(entry.Account.Id, password, entry.PasswordHash))
        {
            return true;
        }

        var isRight = await hashing.VerifyAsync(password, entry?.PasswordHash, cancellationToken);
        if (!isRight || entry is not { Account.State: AccountState.Active })
        {
            return false;
        }

        _verified.Remember(entry.Account.Id, password, entry.PasswordHash);
        return true;
    }
}

/// <summary>What decides how hard signing in is made: settings, and the laboratory mode of this run.</summary>
public sealed record SignInRules(ISettingsSource Settings, RunOptions Run);
