using MailPlus.Engine.Smtp.Server;
using MailPlus.Engine.Smtp.Wire;

namespace MailPlus.Engine.Smtp.Commands;

/// <summary>DATA (RFC 5321 4.1.1.4). Without an accepted recipient never 354 (mail-rules 35).</summary>
internal sealed class DataCommand : SmtpCommand
{
    public override SmtpVerb Verb => SmtpVerb.Data;

    public override bool EndsGroup => true;

    public override SmtpStage Allowed => SmtpStage.Recipients;

    public override async ValueTask<SmtpReply?> RunAsync(SmtpSession session, string argument, CancellationToken aborted)
    {
        if (argument.Length > 0)
        {
            return SmtpReplies.NoArgument;
        }

        if (session.Transaction is { Parameters.BinaryMime: true })
        {
            return SmtpReplies.BinaryNeedsChunks;
        }

        session.Write(SmtpReplies.StartMail);
        return await session.ReceiveAsync(aborted);
    }

    protected override SmtpReply OutOfOrder(SmtpStage stage) => stage == SmtpStage.Mail ? SmtpReplies.NoRecipients : base.OutOfOrder(stage);
}
