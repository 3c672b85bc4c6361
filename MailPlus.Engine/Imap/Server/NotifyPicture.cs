using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Sharing;

namespace MailPlus.Engine.Imap.Server;

/// <summary>What a watch compares: mailboxes and subscriptions as the account has them at one moment.</summary>
/// <param name="Own">The account's mailboxes.</param>
/// <param name="Others">Other accounts' that are watched.</param>
/// <param name="Subscribed">Subscribed names.</param>
internal sealed record NotifyPicture(IReadOnlyList<Mailbox> Own, IReadOnlyList<Place> Others, IReadOnlyList<string> Subscribed)
{
    /// <summary>Both kinds.</summary>
    public IReadOnlyList<Place> Places { get; init; } = [];

    /// <summary>What stays when a name changes; numbers of mailboxes count within one account.</summary>
    public static (AccountId Owner, MailboxId Mailbox) KeyOf(Place place) => (place.Store.Account, place.Id);

    /// <summary>By what stays.</summary>
    public Dictionary<(AccountId Owner, MailboxId Mailbox), Place> ByKey() => Places.ToDictionary(KeyOf);
}
