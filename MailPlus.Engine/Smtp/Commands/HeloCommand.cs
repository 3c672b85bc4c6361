using MailPlus.Engine.Smtp.Server;
using MailPlus.Engine.Smtp.Wire;

namespace MailPlus.Engine.Smtp.Commands;

/// <summary>HELO (RFC 5321 4.1.1.1).</summary>
internal sealed class HeloCommand : SmtpCommand
{
    public override SmtpVerb Verb => SmtpVerb.Helo;

    public override bool EndsGroup => true;

    public override bool BeforeTls => true;

    public override async ValueTask<SmtpReply?> RunAsync(SmtpSession session, string argument, CancellationToken aborted)
    {
        if (argument.Length == 0)
        {
            return SmtpReplies.NeedsName;
        }

        await session.GreetAsync(argument, extended: false);
        return new SmtpReply(250, null, session.Hostname);
    }
}
