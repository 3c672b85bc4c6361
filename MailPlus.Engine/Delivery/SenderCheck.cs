using MailPlus.Engine.Accounts;
using MailPlus.Engine.Events;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MimeKit;

namespace MailPlus.Engine.Delivery;

/// <summary>Who may write under which address (mail-rules 21): a signed-in account only under its own, in MAIL FROM and in the header.</summary>
internal sealed class SenderCheck(IAddressBook addresses)
{
    /// <summary>Null when the reverse-path may be used.</summary>
    public Refusal? ReversePath(EmailAddress? reversePath, MessageSource source) =>
        source.Actor?.Account is { } account && reversePath is not null && !IsOwn(reversePath, account)
            ? Refuse("SenderNotOwn", reversePath.ToString())
            : null;

    /// <summary>Null when From and Sender name only own addresses. A message without From is let through: it claims to be from nobody.</summary>
    public Refusal? Header(HeaderFields header, MessageSource source)
    {
        if (source.Actor?.Account is not { } account || source.Origin is not (MessageOrigin.Submission or MessageOrigin.Webmail))
        {
            return null;
        }

        foreach (var field in header.Fields)
        {
            if ((header.IsNamed(field, "From"u8) || header.IsNamed(field, "Sender"u8)) && Stranger(header.Value(field), account) is { } stranger)
            {
                return Refuse("FromNotOwn", stranger);
            }
        }

        return null;
    }

    /// <summary>The first address that is not the account's, null when all are.</summary>
    private string? Stranger(ReadOnlyMemory<byte> value, AccountId account)
    {
        var octets = value.ToArray();
        if (!InternetAddressList.TryParse(octets, out var list))
        {
            return "(unreadable)";
        }

        var mailboxes = list.Mailboxes.ToList();
        return mailboxes.Count == 0
            ? "(no address)"
            : mailboxes.Select(m => m.Address).FirstOrDefault(a => !EmailAddress.TryParse(a, out var address) || !IsOwn(address, account));
    }

    private bool IsOwn(EmailAddress address, AccountId account) => addresses.Resolve(address) is { Kind: AddressKind.Account, IsCatchAll: false } found && found.Account == account;

    private static Refusal Refuse(string key, string detail) => new(RefusalKind.NotAllowed, key) { EnhancedStatus = "5.7.1", Detail = detail };
}
