using MailPlus.Engine.Smtp.Server;
using MailPlus.Engine.Smtp.Wire;

namespace MailPlus.Engine.Smtp.Commands;

/// <summary>RSET (RFC 5321 4.1.1.5).</summary>
internal sealed class RsetCommand : SmtpCommand
{
    public override SmtpVerb Verb => SmtpVerb.Rset;

    public override bool IsJunk => true;

    public override bool BeforeTls => true;

    public override async ValueTask<SmtpReply?> RunAsync(SmtpSession session, string argument, CancellationToken aborted)
    {
        if (argument.Length > 0)
        {
            return SmtpReplies.NoArgument;
        }

        await session.EndTransactionAsync();
        return SmtpReplies.Ok;
    }
}
