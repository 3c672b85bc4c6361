using MailPlus.Engine.Accounts;
using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>SETQUOTA (RFC 9208 4.1.3): limits that are not named are lifted. Who may is decided by the operation.</summary>
internal sealed class SetQuotaCommand() : ImapCommand("SETQUOTA", SessionStates.SignedIn)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var (name, octets, messages) = Parse(command);
        if (session.With.Quotas is not { } quotas)
        {
            return Completion.No("Quotas cannot be set here", "CANNOT");
        }

        var root = QuotaRoot.Find(session, name);
        session.Actor!.Require(Permission.ManageAccounts); // before anything is said about the values
        if (octets is 0 or > long.MaxValue / 1024 || messages == 0)
        {
            // 0 stands for no limit everywhere else; taking it for one here would do the opposite of what was asked.
            return Completion.No("A limit must be at least 1", "CANNOT");
        }

        await quotas.SetQuotaAsync(session.Actor, root.Account, new QuotaLimits((octets ?? 0) * 1024, messages ?? 0), cancellationToken);
        await root.WriteAsync(session, cancellationToken);
        return Completion.Ok("Setquota completed");
    }

    private static (string Root, long? Octets, long? Messages) Parse(CommandText command)
    {
        var reader = command.Read();
        reader.Space();
        var root = reader.AStringText();
        reader.Space();
        reader.Take((byte)'(');
        long? octets = null, messages = null;
        for (var isFirst = true; !reader.TryTake((byte)')'); isFirst = false)
        {
            if (!isFirst)
            {
                reader.Space();
            }

            var resource = reader.Word();
            reader.Space();
            switch (resource)
            {
                case "STORAGE" when octets is null:
                    octets = reader.LongNumber();
                    break;
                case "MESSAGE" when messages is null:
                    messages = reader.LongNumber();
                    break;
                default:
                    throw new RefusedException(new Refusal(RefusalKind.Invalid, "QuotaResourceUnknown"));
            }
        }

        reader.End();
        return (root, octets, messages);
    }
}
