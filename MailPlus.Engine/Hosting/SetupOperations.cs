using MailPlus.Engine.Accounts;
using MailPlus.Engine.Accounts.Activation;
using MailPlus.Engine.Database;
using MailPlus.Engine.Domains;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Hosting;

/// <summary>What the wizard or the <c>setup</c> verb asks for (SET).</summary>
/// <param name="Hostname">FQDN of this server.</param>
/// <param name="Domain">First hosted domain.</param>
/// <param name="Administrator">Local part and log-in name of the first administrator, an active mailbox in that domain.</param>
/// <param name="Password">The administrator's password.</param>
public sealed record SetupRequest(string Hostname, string Domain, string Administrator, string Password)
{
    /// <summary>The administrator's name for people; "" takes the local part.</summary>
    public string DisplayName { get; init; } = "";

    /// <summary>The administrator's UI language, "" follows the browser.</summary>
    public string Language { get; init; } = "";
}

/// <summary>What set-up writes into.</summary>
internal sealed record SetupParts(SystemDatabase Database, SettingsStore Settings, AddressBook AddressBook, AccountPasswords Passwords, AccountMail Mail)
{
    internal required Seating Seating { get; init; }
}

/// <summary>First set-up. Nothing is written before <see cref="ApplyAsync"/>, which does everything or nothing.</summary>
public sealed class SetupOperations
{
    private readonly SetupParts _parts;
    private readonly FirstRun _firstRun;

    internal SetupOperations(SetupParts parts, FirstRun firstRun) => (_parts, _firstRun) = (parts, firstRun);

    /// <summary>True until set-up has been applied.</summary>
    public bool IsNeeded => !_parts.Settings.Current.IsSetUp;

    /// <summary>The one-time token that the start-up text prints in the wizard's URL: <c>/setup?token=…</c>; null once set up.</summary>
    public string? Token => _firstRun.Token;

    /// <summary>Whether a token opens the wizard; constant time.</summary>
    public bool IsToken(string? token) => _firstRun.IsToken(token);

    /// <summary>What is wrong with a request, a refusal per field ("Hostname", "Domain", "Administrator", "Password"); empty when nothing is.</summary>
    public IReadOnlyList<Refusal> Validate(SetupRequest request)
    {
        var refusals = new List<Refusal>();
        if (!DomainName.TryParse(request.Hostname, out var host) || !host.Ascii.Contains('.', StringComparison.Ordinal)) // SET-B3: fully qualified
        {
            refusals.Add(new Refusal(RefusalKind.Invalid, "HostnameMalformed") { Field = "Hostname" });
        }

        if (!DomainName.TryParse(request.Domain, out var domain))
        {
            refusals.Add(new Refusal(RefusalKind.Invalid, "DomainMalformed") { Field = "Domain" });
        }
        else if (request.Administrator.Contains('"', StringComparison.Ordinal) || !EmailAddress.TryCreate(request.Administrator, domain, out _))
        {
            refusals.Add(new Refusal(RefusalKind.Invalid, "NameMalformed") { Field = "Administrator", Arguments = ["64"] });
        }

        if (_parts.Passwords.Check(Actor.Operator, request.Password) is { } password)
        {
            refusals.Add(password);
        }

        return refusals;
    }

    /// <summary>Applies: host name, domain, administrator. The caller has checked the token, or is the operator.</summary>
    /// <returns>The administrator, ready to be signed in.</returns>
    /// <exception cref="RefusedException">Conflict when already set up; Invalid with a field.</exception>
    public async Task<Actor> ApplyAsync(SetupRequest request, CancellationToken cancellationToken)
    {
        RequireNeeded();
        if (Validate(request) is [var first, ..])
        {
            throw new RefusedException(first);
        }

        var domain = DomainName.Parse(request.Domain);
        var address = EmailAddress.Parse($"{request.Administrator}@{domain.Ascii}");
        var stored = await _parts.Passwords.HashAsync(Actor.Operator, request.Password, cancellationToken);
        var id = await AccountIds.ReserveAsync(_parts.Database, cancellationToken);
        await _parts.Mail.CreateAsync(id, cancellationToken);
        var account = new NewAccount(address, request.Password)
        {
            DisplayName = request.DisplayName.Trim().Length > 0 ? request.DisplayName.Trim() : request.Administrator,
            IsAdministrator = true,
            Language = request.Language,
        };
        var draft = new AccountDraft(id, Actor.Operator, account, stored, _parts.Database.Now);
        var row = await _parts.Database.WriteAsync(context => WriteAsync(context, request, new NewDomain(domain), draft, cancellationToken), cancellationToken);
        _firstRun.End();
        return Authenticator.ActorOf(AccountRows.ToAccount(row));
    }

    private async Task<AccountRow> WriteAsync(SystemContext context, SetupRequest request, NewDomain domain, AccountDraft draft, CancellationToken cancellationToken)
    {
        RequireNeeded(); // again, now that nobody else writes
        if (!await context.Domains.AnyAsync(row => row.Name == domain.Name.Ascii, cancellationToken))
        {
            await DomainCreation.AddAsync(context, _parts.AddressBook, draft.Actor, domain, draft.Now);
            await context.SaveChangesAsync(cancellationToken); // the account looks for it
        }

        var row = await AccountCreation.AddAsync(context, _parts.AddressBook, draft, cancellationToken);
        await _parts.Seating.SettleAsync(context, new SeatingChange(draft.Actor, draft.Now) { Only = [row.Id], IsDemanded = _ => true }, cancellationToken);
        var present = _parts.Settings.Current;
        _parts.Settings.Add(context, draft.Actor, present with { Smtp = present.Smtp with { Hostname = DomainName.Parse(request.Hostname).Ascii } });
        return row;
    }

    private void RequireNeeded()
    {
        if (!IsNeeded)
        {
            throw new RefusedException(new Refusal(RefusalKind.Conflict, "AlreadySetUp"));
        }
    }
}
