using System.Text;
using MailPlus.Engine.Smtp.Server;
using MailPlus.Engine.Smtp.Wire;

namespace MailPlus.Engine.Smtp.Commands;

/// <summary>HELP (RFC 5321 4.1.1.8).</summary>
internal sealed class HelpCommand : SmtpCommand
{
    public override SmtpVerb Verb => SmtpVerb.Help;

    public override bool BeforeTls => true;

    public override ValueTask<SmtpReply?> RunAsync(SmtpSession session, string argument, CancellationToken aborted) =>
        Reply(argument.Length == 0 ? HelpTexts.All : HelpTexts.Of(SmtpLine.Parse(Encoding.UTF8.GetBytes(argument)).Verb) ?? SmtpReplies.NoHelp);
}
