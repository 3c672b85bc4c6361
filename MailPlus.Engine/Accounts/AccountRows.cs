using MailPlus.Engine.Accounts.Activation;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Accounts;

/// <summary>Rows of the system database as accounts.</summary>
internal static class AccountRows
{
    internal static AccountEntry ToEntry(AccountRow row) => new(ToAccount(row), row.PasswordHash, row.ScramVerifier, row.Generation);

    /// <summary>An account from its row with its addresses loaded.</summary>
    internal static Account ToAccount(AccountRow row)
    {
        var addresses = row.Addresses.OrderByDescending(address => address.IsPrimary).ThenBy(address => address.AddressKey, StringComparer.Ordinal)
            .Select(ToAddress).ToList();
        return new Account(new AccountId(row.Id), row.Name, addresses[0])
        {
            DisplayName = row.DisplayName,
            Addresses = addresses,
            State = (AccountState)row.State,
            Activation = (ActivationChoice)row.Activation,
            Reason = (ActivationReason)row.Reason,
            Status = ActivationInputs.StatusOf(row.Name, row.IsDisabled),
            IsAdministrator = row.IsAdministrator,
            QuotaOctets = row.QuotaOctets,
            QuotaMessages = row.QuotaMessages,
            Language = row.Language,
            Created = new Instant(row.Created),
            LastSignIn = row.LastSignIn is { } time ? new Instant(time) : null,
        };
    }

    // The key's domain part is the A-label form of the domain as it was when the address was made; domains are never renamed.
    internal static EmailAddress ToAddress(AddressRow row)
    {
        var domain = DomainName.Parse(row.AddressKey[(row.AddressKey.LastIndexOf('@') + 1)..]);
        return EmailAddress.TryCreate(row.LocalPart, domain, out var address) || EmailAddress.TryCreate($"\"{row.LocalPart}\"", domain, out address)
            ? address
            : throw new InvalidDataException($"address {row.Id} of account {row.AccountId} is malformed");
    }
}
