using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>GETQUOTA (RFC 9208 4.1.2): one root, "", for the whole account.</summary>
internal sealed class GetQuotaCommand() : ImapCommand("GETQUOTA", SessionStates.SignedIn)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        if (Parse(command).Length > 0)
        {
            throw new RefusedException(new Refusal(RefusalKind.NotFound, "QuotaRootNotFound"));
        }

        await WriteAsync(session, cancellationToken);
        return Completion.Ok("Getquota completed");
    }

    /// <summary>The untagged QUOTA response; empty when nothing limits the account.</summary>
    public static async ValueTask WriteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var limit = session.QuotaOctets;
        if (limit == 0)
        {
            session.Untagged("QUOTA \"\" ()");
            return;
        }

        var usage = await session.Store.UsageAsync(cancellationToken);
        session.Untagged($"QUOTA \"\" (STORAGE {(usage.Octets + 1023) / 1024} {limit / 1024})");
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
