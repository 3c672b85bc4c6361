using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Store.Sharing;

/// <summary>A mailbox as one reader has it: whose store it is in, by which name the reader knows it, what the reader may do there.</summary>
/// <param name="Store">The owner's mail; valid as long as the <see cref="Places"/> it came from keeps it.</param>
/// <param name="Mailbox">The mailbox; its name is the owner's.</param>
/// <param name="Name">The reader's name for it: the same for one's own, below <see cref="Places.OthersPrefix"/> for another's.</param>
/// <param name="Rights">The reader's rights.</param>
public sealed record Place(IAccountStore Store, Mailbox Mailbox, string Name, Rights Rights)
{
    /// <summary>The mailbox belongs to the reader.</summary>
    public required bool IsOwn { get; init; }

    /// <summary>Its id.</summary>
    public MailboxId Id => Mailbox.Id;

    /// <summary>Whether all of these rights are there.</summary>
    public bool Has(Rights rights) => (Rights & rights) == rights;

    /// <summary>Refuses when one of these rights is missing; a mailbox that may not be looked up is then as if it were not there (RFC 4314 6).</summary>
    /// <exception cref="RefusedException">NotAllowed, NotFound.</exception>
    public void Require(Rights rights)
    {
        if (!Has(rights))
        {
            throw Has(Rights.Lookup) ? Places.Denied() : Places.Missing();
        }
    }
}
