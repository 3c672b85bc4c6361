using MailPlus.Engine.Accounts.Activation;
using MailPlus.Engine.Accounts.Credentials;
using MailPlus.Engine.Database;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Accounts;

/// <summary>All that is known of an account about to be added.</summary>
internal sealed record AccountDraft(AccountId Id, Actor Actor, NewAccount Account, StoredPassword Password, Instant Now);

/// <summary>Adds the row of an account and its address; also used by set-up inside its own transaction.</summary>
internal static class AccountCreation
{
    internal static async Task<AccountRow> AddAsync(SystemContext context, AddressBook addressBook, AccountDraft draft, CancellationToken cancellationToken)
    {
        var address = draft.Account.Address;
        if (draft.Account.IsAdministrator)
        {
            AccountRules.RequireAdministrator(draft.Actor);
        }

        var domain = await context.Domains.FirstOrDefaultAsync(row => row.Name == address.Domain.Ascii, cancellationToken)
            ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "DomainUnknown") { Field = "Address", Arguments = [address.Domain.Unicode] });
        if (await context.Addresses.AnyAsync(row => row.AddressKey == address.Key, cancellationToken) || await context.Aliases.AnyAsync(row => row.AddressKey == address.Key, cancellationToken))
        {
            throw new RefusedException(new Refusal(RefusalKind.AlreadyExists, "AddressTaken") { Field = "Address", Arguments = [address.ToDisplayString()] });
        }

        var name = await ChooseNameAsync(context, draft.Account, cancellationToken);
        var row = new AccountRow
        {
            Id = draft.Id.Value,
            Name = name,
            NameKey = AddressBook.NameKey(name),
            DisplayName = draft.Account.DisplayName.Trim(),
            DisplayKey = AddressBook.NameKey(draft.Account.DisplayName),
            // Who creates it settles it in the same transaction, where licences are counted.
            State = (int)AccountState.Deactivated,
            Reason = (int)ActivationReason.NotActivated,
            Activation = (int)(draft.Account.State == AccountState.Active ? ActivationChoice.Activate : ActivationChoice.Deactivate),
            IsAdministrator = draft.Account.IsAdministrator,
            QuotaOctets = draft.Account.QuotaOctets,
            QuotaMessages = draft.Account.QuotaMessages,
            Language = draft.Account.Language,
            Created = draft.Now.Microseconds,
            PasswordHash = draft.Password.Hash,
            ScramVerifier = draft.Password.ScramVerifier,
            Addresses = [new AddressRow { DomainId = domain.Id, LocalPart = address.LocalPart, AddressKey = address.Key, IsPrimary = true }],
        };
        context.Accounts.Add(row);
        AdminTrail.Add(context, new AdminActed(draft.Actor.Name, "AccountCreated", address.ToDisplayString()) { Time = draft.Now, Client = draft.Actor.Address });
        context.AfterCommit(() => addressBook.Set(AccountRows.ToEntry(row)));
        return row;
    }

    private static async Task<string> ChooseNameAsync(SystemContext context, NewAccount account, CancellationToken cancellationToken)
    {
        var wanted = AddressBook.NameKey(account.Name.Length > 0 ? account.Name : account.Address.LocalPart);
        if (!await context.Accounts.AnyAsync(row => row.NameKey == wanted, cancellationToken))
        {
            return wanted;
        }

        // The same local part in two domains: the second one signs in by its address.
        var full = account.Address.Key;
        return account.Name.Length == 0 && !await context.Accounts.AnyAsync(row => row.NameKey == full, cancellationToken)
            ? full
            : throw new RefusedException(new Refusal(RefusalKind.AlreadyExists, "NameTaken") { Field = "Name", Arguments = [wanted] });
    }
}
