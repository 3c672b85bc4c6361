using MailPlus.Engine.Pop3.Server;
using MailPlus.Engine.Pop3.Wire;

namespace MailPlus.Engine.Pop3.Commands;

/// <summary>STLS (RFC 2595 4).</summary>
internal sealed class StlsCommand() : Pop3Command("STLS", Pop3Stage.Before)
{
    public override async ValueTask<Pop3Reply?> RunAsync(Pop3Session session, Pop3Line line, CancellationToken aborted)
    {
        if (line.Argument.Length > 0)
        {
            return Pop3Reply.Error("WrongArguments");
        }

        if (session.Connection.IsTls)
        {
            return Pop3Reply.Error("TlsIsOn");
        }

        await session.StartTlsAsync(aborted);
        return null;
    }
}
