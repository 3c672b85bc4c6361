using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Web.Mail;

/// <summary>The only way of the webmail to mailboxes: an account's mail is opened for its owner alone (design rule 13).</summary>
public sealed class MailboxAccess(IMailStore store)
{
    /// <summary>Announcements after commit.</summary>
    public ChangeFeed Changes => store.Changes;

    /// <summary>Opens the actor's own mail; the caller disposes it.</summary>
    /// <exception cref="RefusedException">NotAllowed when the actor has no account; Unavailable when its database cannot be opened.</exception>
    public ValueTask<IAccountStore> OpenAsync(Actor actor, CancellationToken cancellationToken) =>
        OpenAsync(actor, actor.Account ?? throw new RefusedException(new Refusal(RefusalKind.NotAllowed, "NotAllowed")), cancellationToken);

    /// <summary>Opens an account's mail for its owner; the caller disposes it.</summary>
    /// <exception cref="RefusedException">NotAllowed for everybody else, administrators too.</exception>
    public ValueTask<IAccountStore> OpenAsync(Actor actor, AccountId account, CancellationToken cancellationToken)
    {
        actor.RequireOwnerOf(account);
        return store.OpenAsync(account, cancellationToken);
    }
}
