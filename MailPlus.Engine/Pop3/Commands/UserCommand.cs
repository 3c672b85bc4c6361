using MailPlus.Engine.Pop3.Server;
using MailPlus.Engine.Pop3.Wire;

namespace MailPlus.Engine.Pop3.Commands;

/// <summary>USER (RFC 1939 7): every name is taken, so that none is told from another.</summary>
internal sealed class UserCommand() : Pop3Command("USER", Pop3Stage.Before)
{
    public override ValueTask<Pop3Reply?> RunAsync(Pop3Session session, Pop3Line line, CancellationToken aborted)
    {
        session.Name = null;
        if (!session.AllowsPasswords)
        {
            return Reply(Pop3Reply.Error("NeedsTls")); // mail-rules 20
        }

        if (line.Argument.Trim().Length == 0)
        {
            return Reply(Pop3Reply.Error("WrongArguments"));
        }

        session.Name = line.Argument.Trim();
        return Reply(Pop3Reply.Ok("PasswordPlease"));
    }
}
