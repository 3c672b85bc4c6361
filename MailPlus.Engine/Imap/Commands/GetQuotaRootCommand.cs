using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>GETQUOTAROOT (RFC 9208 4.1.3).</summary>
internal sealed class GetQuotaRootCommand() : ImapCommand("GETQUOTAROOT", SessionStates.SignedIn)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var mailbox = await session.FindAsync(MailboxArgument.Single(command), cancellationToken);
        session.Output.Write("* QUOTAROOT "u8);
        session.Output.Mailbox(mailbox.Name);
        session.Output.Write(" \"\"\r\n"u8);
        await GetQuotaCommand.WriteAsync(session, cancellationToken);
        return Completion.Ok("Getquotaroot completed");
    }
}
