using MailPlus.Engine.Delivery;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Smtp.Server;
using MailPlus.Engine.Smtp.Wire;

namespace MailPlus.Engine.Smtp.Commands;

/// <summary>VRFY (RFC 5321 3.5): tells who exists only to whom the settings let it.</summary>
internal sealed class VrfyCommand : SmtpCommand
{
    private static readonly MessageSource Stranger = new(MessageOrigin.Inbound);

    public override SmtpVerb Verb => SmtpVerb.Vrfy;

    public override bool IsJunk => true;

    public override async ValueTask<SmtpReply?> RunAsync(SmtpSession session, string argument, CancellationToken aborted)
    {
        if (argument.Length == 0)
        {
            return SmtpReplies.NeedsName;
        }

        if (!session.IsTold(session.Settings.Smtp.Verify) || !EmailAddress.TryParse(argument.Trim('<', '>'), out var address))
        {
            return SmtpReplies.CannotVerify;
        }

        // Asked as a stranger would be: what is not hosted here is then told apart from what is.
        var refusal = await session.Door.Acceptance.CheckRecipientAsync(new Recipient(address), Stranger, aborted);
        return refusal?.Kind switch
        {
            null or RefusalKind.OverQuota => SmtpReplies.Verified(address),
            RefusalKind.UnknownRecipient => SmtpReplies.For(refusal, SmtpStep.Rcpt),
            _ => SmtpReplies.CannotVerify,
        };
    }
}
