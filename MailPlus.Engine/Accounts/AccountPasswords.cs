using System.Globalization;
using MailPlus.Engine.Accounts.Credentials;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Accounts;

/// <summary>Rules and hashing of new passwords.</summary>
public sealed class AccountPasswords(PasswordHashing hashing, IAuthenticator authenticator, SignInRules rules)
{
    private const int LongestPassword = 256;

    /// <summary>What is wrong with a new password, null when nothing is. Laboratory mode lifts the rules for callers of this machine.</summary>
    internal Refusal? Check(Actor actor, string password)
    {
        var minimum = rules.Run.LoopbackLab && (actor.Address is null || rules.Run.IsLab(actor.Address)) ? 1 : rules.Settings.Current.Security.MinimumPasswordLength;
        if (password.Length < minimum)
        {
            return new Refusal(RefusalKind.Invalid, "PasswordTooShort") { Field = "Password", Arguments = [minimum.ToString(CultureInfo.InvariantCulture)] };
        }

        if (minimum > 1 && KindsIn(password) < rules.Settings.Current.Security.PasswordKinds)
        {
            return new Refusal(RefusalKind.Invalid, "PasswordTooPlain") { Field = "Password", Arguments = [rules.Settings.Current.Security.PasswordKinds.ToString(CultureInfo.InvariantCulture)] };
        }

        return password.Length > LongestPassword || password.Any(char.IsControl)
            ? new Refusal(RefusalKind.Invalid, "PasswordMalformed") { Field = "Password", Arguments = [LongestPassword.ToString(CultureInfo.InvariantCulture)] }
            : null;
    }

    /// <summary>Small letters, capitals, digits, others: how many of these a password holds. Letters without case count as others.</summary>
    private static int KindsIn(string password) =>
        (password.Any(char.IsLower) ? 1 : 0) + (password.Any(char.IsUpper) ? 1 : 0) + (password.Any(char.IsDigit) ? 1 : 0)
        + (password.Any(c => !char.IsLower(c) && !char.IsUpper(c) && !char.IsDigit(c)) ? 1 : 0);

    /// <summary>Checks and hashes.</summary>
    /// <exception cref="RefusedException">Invalid with field "Password".</exception>
    internal async Task<StoredPassword> HashAsync(Actor actor, string password, CancellationToken cancellationToken)
    {
        if (Check(actor, password) is { } refusal)
        {
            throw new RefusedException(refusal);
        }

        return await hashing.HashAsync(password, cancellationToken);
    }

    /// <summary>Ends the operation unless this is the actor's present password; throttled as a log-in is.</summary>
    internal async Task RequireOwnAsync(Actor actor, string password, CancellationToken cancellationToken)
    {
        try
        {
            await authenticator.AuthenticateAsync(new PasswordCredential(actor.Name, password, "web", actor.Address), cancellationToken);
        }
        catch (RefusedException refused) when (refused.Refusal.Kind == RefusalKind.AuthenticationFailed)
        {
            throw new RefusedException(refused.Refusal with { TextKey = "OldPasswordWrong", Field = "OldPassword" });
        }
    }
}

/// <summary>The mail of an account, as far as accounts need it: made with the account and removed with it. The store stands above accounts, so wiring hands its methods in.</summary>
/// <param name="CreateAsync">Makes an account's mailboxes, durably.</param>
/// <param name="DeleteAsync">Removes them; does nothing when they are gone.</param>
public sealed record AccountMail(Func<AccountId, CancellationToken, Task> CreateAsync, Func<AccountId, CancellationToken, Task> DeleteAsync);
