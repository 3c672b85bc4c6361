using MailPlus.Engine.Smtp.Server;
using MailPlus.Engine.Smtp.Wire;

namespace MailPlus.Engine.Smtp.Commands;

/// <summary>STARTTLS (RFC 3207).</summary>
internal sealed class StartTlsCommand : SmtpCommand
{
    public override SmtpVerb Verb => SmtpVerb.StartTls;

    public override SmtpStage Allowed => SmtpStage.Start | SmtpStage.Ready;

    public override bool BeforeTls => true;

    public override async ValueTask<SmtpReply?> RunAsync(SmtpSession session, string argument, CancellationToken aborted)
    {
        if (argument.Length > 0)
        {
            return SmtpReplies.NoArgument;
        }

        if (session.Connection.IsTls)
        {
            return SmtpReplies.TlsAlready;
        }

        if (session.Actor is not null)
        {
            return SmtpReplies.AuthenticatedAlready; // only in a laboratory: TLS would void the log-in
        }

        await session.StartTlsAsync(aborted);
        return null;
    }
}
