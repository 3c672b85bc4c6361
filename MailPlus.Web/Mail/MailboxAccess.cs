using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Store;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Web.Mail;

/// <summary>The only way of the webmail to mailboxes: an account's mail is opened for its owner alone (design rule 13), and for nobody while the webmail is off.</summary>
public sealed class MailboxAccess(IMailStore store, ISettingsSource settings)
{
    /// <summary>Announcements after commit.</summary>
    public ChangeFeed Changes => store.Changes;

    /// <summary>Opens the actor's own mail; the caller disposes it.</summary>
    /// <exception cref="RefusedException">NotAllowed when the actor has no account; Unavailable when its database cannot be opened.</exception>
    public ValueTask<IAccountStore> OpenAsync(Actor actor, CancellationToken cancellationToken) =>
        OpenAsync(actor, actor.Account ?? throw new RefusedException(new Refusal(RefusalKind.NotAllowed, "NotAllowed")), cancellationToken);

    /// <summary>Opens an account's mail for its owner; the caller disposes it.</summary>
    /// <exception cref="RefusedException">NotAllowed for everybody else, administrators too; Unavailable while the webmail is off.</exception>
    public ValueTask<IAccountStore> OpenAsync(Actor actor, AccountId account, CancellationToken cancellationToken)
    {
        RequireOn();
        actor.RequireOwnerOf(account);
        return store.OpenAsync(account, cancellationToken);
    }

    /// <summary>Refuses while the administrator has switched the webmail off (DEP-01, SET-30); pages that were open then are refused at their next step.</summary>
    /// <exception cref="RefusedException">Unavailable.</exception>
    public void RequireOn()
    {
        if (!settings.Current.Service.WebmailEnabled)
        {
            throw new RefusedException(new Refusal(RefusalKind.Unavailable, "WebmailOff"));
        }
    }
}
