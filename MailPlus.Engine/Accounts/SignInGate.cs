using System.Net;
using MailPlus.Engine.Accounts.Credentials;
using MailPlus.Engine.Accounts.Policies;
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

    /// <summary>The app password that proved it, null for the account's own.</summary>
    internal AppPasswordMatch? AppPassword { get; init; }
}

/// <summary>
/// The one gate every way to sign in goes through, whatever proves who somebody is: throttle before, delay after a failure, an event in both cases. What it says
/// never tells an unknown name from a wrong proof or a deactivated account.
/// </summary>
public sealed class SignInGate(AddressBook addressBook, SignInRules rules, EventStream events, SignInThrottle throttle, TimeProvider clock)
{
    /// <summary>What user policies say about signing in; null where nothing restricts it.</summary>
    internal SignInPolicy? Policy { get; init; }

    /// <summary>Begins a try.</summary>
    /// <exception cref="RefusedException">Throttled; temporary when the database is away.</exception>
    public async ValueTask<SignInAttempt> BeginAsync(string name, string protocol, IPAddress? client, CancellationToken cancellationToken)
    {
        var entry = name.Length == 0 ? null : addressBook.FindEntry(name);
        if (entry is null && name.Length is > 0 and <= 320)
        {
            await addressBook.CatchUpAsync(cancellationToken);
            entry = addressBook.FindEntry(name);
        }

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
    /// <exception cref="RefusedException">AuthenticationFailed, after a delay that grows with the failures; NotAllowed when a user policy forbids it.</exception>
    public async ValueTask<Actor> EndAsync(SignInAttempt attempt, bool isProven, CancellationToken cancellationToken)
    {
        if (isProven && attempt.Entry is { Account.State: AccountState.Active } entry)
        {
            if (attempt.IsThrottled)
            {
                throttle.RecordSuccess(attempt.Key, attempt.Client);
            }

            if (Policy?.Check(entry.Account.Id, attempt.Protocol, attempt.Client) is { } forbidden)
            {
                Publish(attempt, false, "policy");
                throw new RefusedException(forbidden);
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

    /// <summary>The account as it is after looking at what other processes changed; null when nothing about it did.</summary>
    internal async ValueTask<AccountEntry?> ChangedAsync(AccountEntry known, CancellationToken cancellationToken)
    {
        await addressBook.CatchUpAsync(cancellationToken);
        return addressBook.FindEntry(known.Account.Id) is { } now && now != known ? now : null;
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
        Credential = attempt.AppPassword?.Name ?? "",
        AppPassword = attempt.AppPassword?.Id ?? 0,
    });
}
