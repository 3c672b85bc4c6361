using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>GETQUOTA (RFC 9208 4.1.1).</summary>
internal sealed class GetQuotaCommand() : ImapCommand("GETQUOTA", SessionStates.SignedIn)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        await QuotaRoot.Find(session, Parse(command)).WriteAsync(session, cancellationToken);
        return Completion.Ok("Getquota completed");
    }

    private static string Parse(CommandText command)
    {
        var reader = command.Read();
        reader.Space();
        var root = reader.AStringText();
        reader.End();
        return root;
    }
}
