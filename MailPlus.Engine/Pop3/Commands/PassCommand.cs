using MailPlus.Engine.Accounts;
using MailPlus.Engine.Pop3.Server;
using MailPlus.Engine.Pop3.Wire;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Pop3.Commands;

/// <summary>PASS (RFC 1939 7): the rest of the line, spaces included, is the password.</summary>
internal sealed class PassCommand() : Pop3Command("PASS", Pop3Stage.Before)
{
    public override async ValueTask<Pop3Reply?> RunAsync(Pop3Session session, Pop3Line line, CancellationToken aborted)
    {
        if (!session.AllowsPasswords)
        {
            return Pop3Reply.Error("NeedsTls"); // mail-rules 20
        }

        if (session.Name is not { } name)
        {
            return Pop3Reply.Error("UserFirst");
        }

        try
        {
            var credential = new PasswordCredential(name, line.Argument, "pop3", session.Connection.Remote.Address);
            return await session.SignInAsync(await session.Door.Authenticator.AuthenticateAsync(credential, aborted), aborted);
        }
        catch (RefusedException refused)
        {
            return session.Failed(refused.Refusal);
        }
    }
}
