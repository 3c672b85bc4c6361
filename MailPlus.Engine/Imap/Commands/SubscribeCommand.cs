using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>SUBSCRIBE and UNSUBSCRIBE (RFC 3501 6.3.6, 6.3.7).</summary>
internal sealed class SubscribeCommand(bool subscribes) : ImapCommand(subscribes ? "SUBSCRIBE" : "UNSUBSCRIBE", SessionStates.SignedIn)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var name = MailboxArgument.Single(command);
        if (subscribes)
        {
            name = (await session.Places.RequireAsync(name, Rights.Lookup, cancellationToken)).Name;
        }

        await session.Store.SetSubscribedAsync(name, subscribes, cancellationToken);
        session.Watch?.NoteOwn(name);
        return Completion.Ok(subscribes ? "Subscribe completed" : "Unsubscribe completed");
    }
}
