using System.Text;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Domains.DkimKeys;
using MailPlus.Engine.Events;
using MailPlus.Engine.MailAuth.Dkim;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MimeKit;

namespace MailPlus.Engine.Delivery;

/// <summary>
/// Signs what people of this server write, by the domain their From names (DOM-041). What others wrote and this server passes on is never signed with a key of
/// ours (mail-rules 24).
/// </summary>
internal sealed class MailSigning(DkimKeyring keyring, IAddressBook addresses, TimeProvider clock)
{
    /// <summary>The signature fields, "" for none.</summary>
    public async Task<string> SignAsync(MessageSource source, MessageContent content, CancellationToken cancellationToken)
    {
        if (source.Origin == MessageOrigin.Inbound || source.Actor is null)
        {
            return "";
        }

        var header = await HeaderFields.ReadAsync(content, cancellationToken);
        if (!header.IsComplete || Author(header) is not { } author || keyring.Find(addresses.Canonical(author).Domain.Ascii) is not { Count: > 0 } keys)
        {
            return "";
        }

        var text = new StringBuilder();
        foreach (var key in keys)
        {
            text.Append(await DkimSigner.SignAsync(content, header, author.Domain.Ascii, (key, Instant.Now(clock)), cancellationToken));
        }

        return text.ToString();
    }

    private static EmailAddress? Author(HeaderFields header)
    {
        foreach (var field in header.Fields)
        {
            if (header.IsNamed(field, "From"u8))
            {
                return InternetAddressList.TryParse(header.Value(field).ToArray(), out var list) && EmailAddress.TryParse(list.Mailboxes.FirstOrDefault()?.Address, out var address) ? address : null;
            }
        }

        return null;
    }
}
