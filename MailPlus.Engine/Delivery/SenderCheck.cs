using MailPlus.Engine.Accounts;
using MailPlus.Engine.Events;
using MailPlus.Engine.Filtering.Policy;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MimeKit;

namespace MailPlus.Engine.Delivery;

/// <summary>Who may write under which address (mail-rules 21): a signed-in account only under its own, in MAIL FROM and in the header.</summary>
internal sealed class SenderCheck(IAddressBook addresses, ISettingsSource settings, SmtpPolicies? policies)
{
    /// <summary>Null when the reverse-path may be used.</summary>
    public Refusal? ReversePath(EmailAddress? reversePath, MessageSource source) =>
        reversePath is not null && IsChecked(source) && !IsAllowed(reversePath, source.Actor?.Account) ? Refuse("SenderNotOwn", reversePath.ToString()) : null;

    /// <summary>Null when From and Sender name only own addresses. A message without From is let through: it claims to be from nobody.</summary>
    public Refusal? Header(HeaderFields header, MessageSource source)
    {
        if (!IsChecked(source) || source.Actor?.Account is not null && source.Origin is not (MessageOrigin.Submission or MessageOrigin.Webmail))
        {
            return null;
        }

        foreach (var field in header.Fields)
        {
            if ((header.IsNamed(field, "From"u8) || header.IsNamed(field, "Sender"u8)) && Stranger(header.Value(field), source.Actor?.Account) is { } stranger)
            {
                return Refuse("FromNotOwn", stranger);
            }
        }

        return null;
    }

    /// <summary>The first address that is not the account's, null when all are.</summary>
    private string? Stranger(ReadOnlyMemory<byte> value, AccountId? account)
    {
        var octets = value.ToArray();
        if (!InternetAddressList.TryParse(octets, out var list))
        {
            return account is null ? null : "(unreadable)";
        }

        var mailboxes = list.Mailboxes.ToList();
        return mailboxes.Count == 0 && account is not null
            ? "(no address)"
            : mailboxes.Select(m => m.Address).FirstOrDefault(a => EmailAddress.TryParse(a, out var address) ? !IsAllowed(address, account) : account is not null);
    }

    /// <summary>Who has signed in, and servers of the trusted list, which may send for whom they like but not as somebody here (DEL-046 to DEL-049).</summary>
    private bool IsChecked(MessageSource source) => source.Actor is { } actor
        ? actor.Account is not null && settings.Current.Smtp.CheckSender
        : source.Origin == MessageOrigin.Inbound && source.Client is { } client && policies is not null && policies.IsTrustedHost(client) && !policies.MayUseAnySender(client);

    private bool IsAllowed(EmailAddress address, AccountId? account) => account is { } own ? IsOwn(address, own) : !addresses.IsLocal(address.Domain);

    private bool IsOwn(EmailAddress address, AccountId account) => addresses.Resolve(address) is { Kind: AddressKind.Account, IsCatchAll: false } found && found.Account == account;

    private static Refusal Refuse(string key, string detail) => new(RefusalKind.NotAllowed, key) { EnhancedStatus = "5.7.1", Detail = detail };
}
