using MailPlus.Engine.Smtp.Server;
using MailPlus.Engine.Smtp.Wire;

namespace MailPlus.Engine.Smtp.Commands;

/// <summary>VRFY (RFC 5321 3.5.3): tells nobody who exists.</summary>
internal sealed class VrfyCommand : SmtpCommand
{
    public override SmtpVerb Verb => SmtpVerb.Vrfy;

    public override ValueTask<SmtpReply?> RunAsync(SmtpSession session, string argument, CancellationToken aborted) =>
        Reply(argument.Length == 0 ? SmtpReplies.NeedsName : SmtpReplies.CannotVerify);
}
