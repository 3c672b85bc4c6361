using System.Text;
using MailPlus.Engine.Accounts.Sasl;
using MailPlus.Engine.Net.Lines;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Smtp.Server;
using MailPlus.Engine.Smtp.Wire;

namespace MailPlus.Engine.Smtp.Commands;

/// <summary>AUTH (RFC 4954): frames the exchanges of <see cref="SaslMechanisms"/>.</summary>
internal sealed class AuthCommand : SmtpCommand
{
    private const int MostFailures = 3;

    public override SmtpVerb Verb => SmtpVerb.Auth;

    public override SmtpStage Allowed => SmtpStage.Ready;

    public override async ValueTask<SmtpReply?> RunAsync(SmtpSession session, string argument, CancellationToken aborted)
    {
        if (!session.OffersAuthentication)
        {
            return SmtpReplies.NotImplemented;
        }

        if (!session.MayAuthenticate)
        {
            return SmtpReplies.EncryptionRequired;
        }

        if (session.Actor is not null)
        {
            return SmtpReplies.AuthenticatedAlready;
        }

        var words = argument.Split(' ', 3, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length is 0 or > 2)
        {
            return SmtpReplies.BadParameter;
        }

        var outcome = await session.Door.Sasl.RunAsync(words[0], words.Length == 2 ? words[1] : null, Channel(session), (challenge, _) => AskAsync(session, challenge), aborted);
        if (outcome.Actor is { } actor)
        {
            session.SignIn(actor);
            return SmtpReplies.Authenticated;
        }

        return outcome.End switch
        {
            SaslEnd.Refused => Failed(session, outcome.Refusal!),
            SaslEnd.Cancelled => SmtpReplies.AuthenticationCancelled,
            SaslEnd.UnknownMechanism => SmtpReplies.UnknownMechanism,
            _ => SmtpReplies.BadBase64,
        };
    }

    /// <summary>The line of EHLO; null when nothing can be used now.</summary>
    public static string? Keyword(SmtpSession session) => session.Actor is null && session.OffersAuthentication && session.Door.Sasl.Offered(Channel(session)) is { Count: > 0 } names ? "AUTH " + string.Join(' ', names) : null;

    protected override SmtpReply OutOfOrder(SmtpStage stage) => stage == SmtpStage.Start ? SmtpReplies.HelloFirst : SmtpReplies.InTransaction;

    private static SaslChannel Channel(SmtpSession session) => SaslChannel.Of("smtp", session.Connection, session.MayAuthenticate);

    private static SmtpReply Failed(SmtpSession session, Refusal refusal)
    {
        session.AuthenticationFailures++;
        return session.AuthenticationFailures >= MostFailures ? SmtpReplies.TooManyFailures(session.Hostname)
            : refusal.Kind is RefusalKind.AuthenticationFailed or RefusalKind.NotAllowed ? SmtpReplies.AuthenticationFailed
            : refusal.Kind == RefusalKind.Unavailable ? SmtpReplies.For(refusal with { Kind = RefusalKind.Throttled }, SmtpStep.Auth) // 454: RFC 4954 6
            : SmtpReplies.For(refusal, SmtpStep.Auth);
    }

    private static async ValueTask<string?> AskAsync(SmtpSession session, string challenge)
    {
        session.Write(new SmtpReply(334, null, challenge));
        var read = await session.Input.ReadLineAsync(static line => Encoding.Latin1.GetString(line), session.Connection.Closing);
        if (read.IsEnd)
        {
            throw new IOException("the peer left inside AUTH");
        }

        return read.Status == LineStatus.Complete ? read.Value : null;
    }
}
