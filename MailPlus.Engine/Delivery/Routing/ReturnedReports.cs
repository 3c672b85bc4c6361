using MailPlus.Engine.Accounts;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Delivery.Routing;

/// <summary>Reports of other servers about mail that went on under a rewritten sender: they go back to the first one, with the null sender only (mail-rules 24).</summary>
internal sealed class ReturnedReports(SenderRewriting? rewriting, IAddressBook addresses)
{
    /// <summary>Whether an address is one that was made here and still holds.</summary>
    public bool Takes(EmailAddress recipient) => Back(recipient) is not null;

    /// <summary>The recipients, with the first senders in place of rewritten ones.</summary>
    public IReadOnlyList<Recipient> Replace(IReadOnlyList<Recipient> recipients) => rewriting is null || !recipients.Any(recipient => Takes(recipient.Address))
        ? recipients
        : [.. recipients.Select(recipient => Back(recipient.Address) is { } first ? recipient with { Address = first, Role = RecipientRole.Forwarded } : recipient)];

    private EmailAddress? Back(EmailAddress recipient) => rewriting is not null && addresses.IsLocal(recipient.Domain) ? rewriting.Back(recipient) : null;
}
