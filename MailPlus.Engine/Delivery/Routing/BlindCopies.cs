using MailPlus.Engine.Accounts;
using MailPlus.Engine.Domains.AutoBcc;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Delivery.Routing;

/// <summary>
/// Adds those who get blind copies by the rules of domains to a message's recipients, in the same entry (DOM-087 to DOM-089). Who gets the message anyway gets no
/// second one; nobody is told of copies (NOTIFY=NEVER, mail-rules 25). Mail of the system and status notifications are never copied, and a copy, being no
/// message of its own, triggers no further one.
/// </summary>
internal sealed class BlindCopies(BccBook book, IAddressBook addresses, AliasRecipients aliases)
{
    /// <summary>The recipients with the copies behind them.</summary>
    /// <param name="message">The message; its envelope is what the rules look at.</param>
    /// <param name="recipients">Who gets it in the end.</param>
    public IReadOnlyList<Recipient> AddTo(IncomingMessage message, IReadOnlyList<Recipient> recipients)
    {
        if (book.IsEmpty || message.Source.Origin == MessageOrigin.Generated || message.Envelope.ReversePath is not { } sender)
        {
            return recipients;
        }

        var targets = book.TargetsOf(addresses.Canonical(sender), [.. message.Envelope.Recipients.Select(recipient => addresses.Canonical(recipient.Address))]);
        if (targets.Count == 0)
        {
            return recipients;
        }

        var served = recipients.Select(recipient => aliases.PlaceOf(recipient.Address)).ToHashSet(StringComparer.Ordinal);
        var copies = aliases.Replace([.. targets.Select(target => new Recipient(target, DsnNotify.Never) { Role = RecipientRole.Copy })]);
        return [.. recipients, .. copies.Where(copy => served.Add(aliases.PlaceOf(copy.Address)))];
    }
}
