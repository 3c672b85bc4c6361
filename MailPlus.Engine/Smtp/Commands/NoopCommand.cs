using MailPlus.Engine.Smtp.Server;
using MailPlus.Engine.Smtp.Wire;

namespace MailPlus.Engine.Smtp.Commands;

/// <summary>NOOP (RFC 5321 4.1.1.9); its argument is ignored.</summary>
internal sealed class NoopCommand : SmtpCommand
{
    public override SmtpVerb Verb => SmtpVerb.Noop;

    public override bool IsJunk => true;

    public override bool BeforeTls => true;

    public override ValueTask<SmtpReply?> RunAsync(SmtpSession session, string argument, CancellationToken aborted) => Reply(SmtpReplies.Ok);
}
