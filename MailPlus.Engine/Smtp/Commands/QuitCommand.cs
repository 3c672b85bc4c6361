using MailPlus.Engine.Smtp.Server;
using MailPlus.Engine.Smtp.Wire;

namespace MailPlus.Engine.Smtp.Commands;

/// <summary>QUIT (RFC 5321 4.1.1.10).</summary>
internal sealed class QuitCommand : SmtpCommand
{
    public override SmtpVerb Verb => SmtpVerb.Quit;

    public override bool BeforeTls => true;

    public override ValueTask<SmtpReply?> RunAsync(SmtpSession session, string argument, CancellationToken aborted) =>
        Reply(argument.Length > 0 ? SmtpReplies.NoArgument : SmtpReplies.Bye(session.Hostname));
}
