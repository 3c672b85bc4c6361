using MailPlus.Engine.Pop3.Server;
using MailPlus.Engine.Pop3.Wire;

namespace MailPlus.Engine.Pop3.Commands;

/// <summary>CAPA (RFC 2449 5). A name stands here only when it is done in full and has a dialogue test.</summary>
internal sealed class CapaCommand() : Pop3Command("CAPA", Pop3Stage.Any)
{
    public override ValueTask<Pop3Reply?> RunAsync(Pop3Session session, Pop3Line line, CancellationToken aborted)
    {
        session.Write(Pop3Reply.Ok("Capabilities"));
        foreach (var capability in Of(session))
        {
            session.WriteLine(capability);
        }

        session.WriteLine(".");
        return new ValueTask<Pop3Reply?>((Pop3Reply?)null);
    }

    private static IEnumerable<string> Of(Pop3Session session)
    {
        yield return "TOP";
        yield return "UIDL";
        yield return "RESP-CODES";
        yield return "AUTH-RESP-CODE"; // RFC 3206
        yield return "PIPELINING";
        yield return "EXPIRE NEVER";
        yield return "UTF8 USER"; // RFC 6856 2.2
        yield return "LANG";
        if (!session.IsSignedIn)
        {
            if (!session.Connection.IsTls)
            {
                yield return "STLS";
            }

            if (session.AllowsPasswords)
            {
                yield return "USER";
                yield return "SASL " + string.Join(' ', session.Door.Sasl.Offered(session.Channel)); // RFC 5034 3
            }
        }

        yield return "IMPLEMENTATION MailPlus";
    }
}
