using System.Text;
using MailPlus.Engine.Accounts.Sasl;
using MailPlus.Engine.Net.Lines;
using MailPlus.Engine.Pop3.Server;
using MailPlus.Engine.Pop3.Wire;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Pop3.Commands;

/// <summary>AUTH (RFC 5034): frames the exchanges of <see cref="SaslMechanisms"/>. Without a word it lists them, as clients older than CAPA expect.</summary>
internal sealed class AuthCommand() : Pop3Command("AUTH", Pop3Stage.Before)
{
    public override async ValueTask<Pop3Reply?> RunAsync(Pop3Session session, Pop3Line line, CancellationToken aborted)
    {
        var words = line.Words();
        if (words.Length == 0)
        {
            return List(session);
        }

        if (words.Length > 2)
        {
            return Pop3Reply.Error("WrongArguments");
        }

        session.Name = null;
        var outcome = await session.Door.Sasl.RunAsync(words[0], words.Length == 2 ? words[1] : null, session.Channel, (challenge, _) => AskAsync(session, challenge), aborted);
        try
        {
            return outcome.End switch
            {
                SaslEnd.SignedIn => await session.SignInAsync(outcome.Actor!, aborted),
                SaslEnd.Refused => session.Failed(outcome.Refusal!),
                SaslEnd.Cancelled => Pop3Reply.Error("Cancelled"),
                SaslEnd.UnknownMechanism => Pop3Reply.Error("UnknownMechanism"),
                SaslEnd.NeedsTls => Pop3Reply.Error("NeedsTls"), // mail-rules 20
                _ => Pop3Reply.Error("MalformedAnswer"),
            };
        }
        catch (RefusedException refused)
        {
            return session.Failed(refused.Refusal);
        }
    }

    private static Pop3Reply? List(Pop3Session session)
    {
        if (!session.AllowsPasswords)
        {
            return Pop3Reply.Error("NeedsTls");
        }

        session.Write(Pop3Reply.Ok("Mechanisms"));
        foreach (var name in session.Door.Sasl.Offered(session.Channel))
        {
            session.WriteLine(name);
        }

        session.WriteLine(".");
        return null;
    }

    private static async ValueTask<string?> AskAsync(Pop3Session session, string challenge)
    {
        session.WriteLine("+ " + challenge);
        var read = await session.Input.ReadLineAsync(static line => Encoding.Latin1.GetString(line), session.Connection.Closing);
        if (read.IsEnd)
        {
            throw new IOException("the peer left inside AUTH");
        }

        return read.Status == LineStatus.Complete ? read.Value : null;
    }
}
