using System.Net;
using MailPlus.Engine.Accounts.Credentials;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Accounts;

/// <summary>One try to sign in, between its begin and its end.</summary>
/// <param name="Name">The name as given.</param>
/// <param name="Protocol">Where.</param>
/// <param name="Client">Who.</param>
public sealed record SignInAttempt(string Name, string Protocol, IPAddress? Client)
{
    internal AccountEntry? Entry { get; init; }

    /// <summary>Failures count by account where there is one, so that its several names and addresses share one count.</summary>
    internal string Key { get; init; } = "";

    internal bool IsThrottled { get; init; }
}

/// <summary>
/// The one gate every way to sign in goes through, whatever proves who somebody is: throttle before, delay after a failure, an event in both cases. What it says
/// never tells an unknown name from a wrong proof or a deactivated account.
/// </summary>
public sealed class SignInGate(AddressBook addressBook, SignInRules rules, EventStream events, SignInThrottle throttle, TimeProvider clock)
{
    /// <summary>Begins a try.</summary>
    /// <exception cref="RefusedException">Throttled.</exception>
    public SignInAttempt Begin(string name, string protocol, IPAddress? client)
    {
        var entry = name.Length == 0 ? null : addressBook.FindEntry(name);
        var attempt = new SignInAttempt(name.Length > 320 ? name[..320] : name, protocol, client)
        {
            Entry = entry,
            Key = entry?.Account.Name ?? AddressBook.NameKey(name.Length > 320 ? name[..320] : name),
            IsThrottled = !rules.Run.IsLab(client),
        };
        if (attempt.IsThrottled && throttle.IsShut(attempt.Key, client))
        {
            Publish(attempt, false, "throttled");
            throw new RefusedException(new Refusal(RefusalKind.Throttled, "SignInThrottled") { Temporary = true, Detail = $"{protocol} log-in of '{attempt.Key}' is shut out" });
        }

        return attempt;
    }

    /// <summary>Ends a try: the actor when who asks has proven to be the account and the account may sign in.</summary>
    /// <exception cref="RefusedException">AuthenticationFailed, after a delay that grows with the failures.</exception>
    public async ValueTask<Actor> EndAsync(SignInAttempt attempt, bool isProven, CancellationToken cancellationToken)
    {
        if (isProven && attempt.Entry is { Account.State: AccountState.Active } entry)
        {
            if (attempt.IsThrottled)
            {
                throttle.RecordSuccess(attempt.Key, attempt.Client);
            }

            Publish(attempt, true, "");
            return ActorOf(entry.Account) with { Address = attempt.Client };
        }

        Publish(attempt, false, attempt.Entry is null ? "unknown name" : attempt.Entry.Account.State == AccountState.Active ? "wrong password" : "deactivated");
        if (attempt.IsThrottled)
        {
            await Task.Delay(throttle.RecordFailure(attempt.Key, attempt.Client, rules.Settings.Current.Security), clock, cancellationToken);
        }

        throw new RefusedException(new Refusal(RefusalKind.AuthenticationFailed, "AuthenticationFailed"));
    }

    /// <summary>The actor of an account with the rights it has now.</summary>
    internal static Actor ActorOf(Account account) => Actor.ForAccount(account.Id, account.Name, account.IsAdministrator);

    /// <summary>Whether the domain of an address is hosted here.</summary>
    internal bool IsLocal(DomainName domain) => addressBook.IsLocal(domain);

    private void Publish(SignInAttempt attempt, bool succeeded, string reason) => events.Publish(new SignInAttempted(attempt.Name, attempt.Protocol, succeeded)
    {
        Time = Instant.Now(clock),
        Account = attempt.Entry?.Account.Id,
        Client = attempt.Client,
        Reason = reason,
    });
}
