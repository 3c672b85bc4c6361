using MailPlus.Engine.Delivery.Queue;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Delivery.Routing;

/// <summary>Under which sender a message goes to a recipient elsewhere.</summary>
internal static class ForwardedSender
{
    private const string MailAddress = "rfc822;";

    /// <summary>The reverse-path; what strangers sent to an address of ours goes on under one of ours (mail-rules 24).</summary>
    public static EmailAddress? Of(QueueEntry entry, Recipient recipient, DeliverySurroundings around)
    {
        if (around.Rewriting is not { } rewriting || entry.Origin != MessageOrigin.Inbound || recipient.Role == RecipientRole.Named)
        {
            return entry.ReversePath;
        }

        return OurDomain(recipient, around) is { } domain ? rewriting.Forward(entry.ReversePath, domain) : entry.ReversePath;
    }

    /// <summary>The domain of the address that stood for the recipient; where that is not known, the postmaster's.</summary>
    private static DomainName? OurDomain(Recipient recipient, DeliverySurroundings around)
    {
        if (recipient.OriginalRecipient is { } original && original.StartsWith(MailAddress, StringComparison.OrdinalIgnoreCase)
            && EmailAddress.TryParse(original[MailAddress.Length..], out var address) && around.Addresses.IsLocal(address.Domain))
        {
            return address.Domain;
        }

        return new RecipientRouting(around.Addresses, around.Settings).Postmaster()?.Domain;
    }
}
