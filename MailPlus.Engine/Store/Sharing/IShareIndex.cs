using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Store.Sharing;

/// <summary>
/// Which accounts have something shared with whom, so that nobody's mail is opened to find that out. A hint: the access control lists in the owners' mail are
/// the truth, an owner too many costs a look, and an owner too few is mended when their lists are next settled.
/// </summary>
public interface IShareIndex
{
    /// <summary>Owners of mailboxes that may be open to a reader, by a right of their own or anyone's; from memory.</summary>
    IReadOnlyList<AccountId> OwnersFor(AccountId reader);

    /// <summary>Says, until disposed, that who shares with whom may have changed. Called where it changed: return at once, never throw.</summary>
    IDisposable OnChange(Action changed);

    /// <summary>Notes, before it is so, that an owner shares with an account, or with anyone (null).</summary>
    Task AddAsync(AccountId owner, AccountId? reader, CancellationToken cancellationToken);

    /// <summary>Makes what is noted of an owner what the lists in their mail say; writes only where they differ.</summary>
    Task SettleAsync(IAccountStore owner, CancellationToken cancellationToken);
}
