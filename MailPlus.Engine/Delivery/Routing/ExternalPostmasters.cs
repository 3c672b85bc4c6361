using MailPlus.Engine.Accounts;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;

namespace MailPlus.Engine.Delivery.Routing;

/// <summary>
/// System mails of other servers to postmaster and mailer-daemon go to the external postmasters (DEL-020 to DEL-022). A system mail is one with the null reverse-path:
/// passed on as it is, it fails nobody's SPF and never comes back (mail-rules 24). Mail of people stays with the administrators here (mail-rules 15).
/// </summary>
internal sealed class ExternalPostmasters(IAddressBook addresses, ISettingsSource settings)
{
    /// <summary>Whether an address stands for the external postmasters in mail with this sender.</summary>
    public bool Takes(EmailAddress recipient, EmailAddress? sender, MessageOrigin origin)
    {
        var delivery = settings.Current.Delivery;
        return delivery.ExternalPostmasterEnabled && delivery.ExternalPostmasters.Count > 0 && sender is null && origin == MessageOrigin.Inbound
            && (recipient.LocalPart.Equals("postmaster", StringComparison.OrdinalIgnoreCase) || recipient.LocalPart.Equals("mailer-daemon", StringComparison.OrdinalIgnoreCase))
            && (addresses.IsLocal(recipient.Domain) || recipient.Domain.Ascii.Equals(settings.Current.Smtp.Hostname, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>The envelope with the external postmasters in place of those addresses.</summary>
    public Envelope Apply(Envelope envelope, MessageOrigin origin)
    {
        if (!envelope.Recipients.Any(recipient => Takes(recipient.Address, envelope.ReversePath, origin)))
        {
            return envelope;
        }

        var kept = envelope.Recipients.Where(recipient => !Takes(recipient.Address, null, origin));
        var external = settings.Current.Delivery.ExternalPostmasters.Select(EmailAddress.Parse).Select(address => new Recipient(address, DsnNotify.Never));
        return envelope with { Recipients = [.. kept.Concat(external).DistinctBy(recipient => recipient.Address.Key)] };
    }
}
