using MailPlus.Engine.Smtp.Server;
using MailPlus.Engine.Smtp.Wire;

namespace MailPlus.Engine.Smtp.Commands;

/// <summary>EXPN (RFC 5321 4.1.1.7): lists are nobody's business.</summary>
internal sealed class ExpnCommand : SmtpCommand
{
    public override SmtpVerb Verb => SmtpVerb.Expn;

    public override ValueTask<SmtpReply?> RunAsync(SmtpSession session, string argument, CancellationToken aborted) => Reply(SmtpReplies.NotImplemented);
}
