using MailPlus.Engine.Pop3.Server;
using MailPlus.Engine.Pop3.Wire;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Pop3.Commands;

/// <summary>QUIT (RFC 1939 6): only here are marked messages removed, and the yes comes after the commit.</summary>
internal sealed class QuitCommand() : Pop3Command("QUIT", Pop3Stage.Any)
{
    public override async ValueTask<Pop3Reply?> RunAsync(Pop3Session session, Pop3Line line, CancellationToken aborted)
    {
        try
        {
            if (session.IsSignedIn)
            {
                await session.UpdateAsync(aborted);
            }

            return Pop3Reply.Ok("Bye") with { Closes = true };
        }
        catch (RefusedException refused)
        {
            return Pop3Reply.Of(refused.Refusal) with { Closes = true };
        }
    }
}
