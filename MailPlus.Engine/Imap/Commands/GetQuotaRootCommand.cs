using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Sharing;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>GETQUOTAROOT (RFC 9208 4.1.2); the mailbox need not exist.</summary>
internal sealed class GetQuotaRootCommand() : ImapCommand("GETQUOTAROOT", SessionStates.SignedIn)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var name = MailboxArgument.Single(command);
        if (Places.IsOthers(name))
        {
            // What the owner has used in all is not the reader's to know.
            var place = await session.Places.RequireAsync(name, Rights.Read, cancellationToken);
            session.Output.Write("* QUOTAROOT "u8);
            session.Output.Mailbox(place.Name);
            session.Output.Line();
            return Completion.Ok("Getquotaroot completed");
        }

        session.Output.Write("* QUOTAROOT "u8);
        session.Output.Mailbox(name);
        session.Output.Write(" \"\"\r\n"u8);
        await QuotaRoot.Find(session, "").WriteAsync(session, cancellationToken);
        return Completion.Ok("Getquotaroot completed");
    }
}
