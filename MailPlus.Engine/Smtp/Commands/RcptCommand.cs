using MailPlus.Engine.Primitives;
using MailPlus.Engine.Smtp.Server;
using MailPlus.Engine.Smtp.Wire;

namespace MailPlus.Engine.Smtp.Commands;

/// <summary>RCPT TO (RFC 5321 4.1.1.3): one recipient; acceptance says whether this peer may write to it.</summary>
internal sealed class RcptCommand : SmtpCommand
{
    public override SmtpVerb Verb => SmtpVerb.Rcpt;

    public override SmtpStage Allowed => SmtpStage.Mail | SmtpStage.Recipients;

    /// <summary>postmaster at this host: what bare <c>&lt;Postmaster&gt;</c> means (RFC 5321 4.5.1). Null while the host has no name that can be a domain.</summary>
    public static EmailAddress? Postmaster(SmtpSession session) =>
        DomainName.TryParse(session.Hostname, out var host) && EmailAddress.TryCreate("postmaster", host, out var address) ? address : null;

    public override async ValueTask<SmtpReply?> RunAsync(SmtpSession session, string argument, CancellationToken aborted)
    {
        var path = SmtpPath.Parse(argument, "TO:");
        var address = path.Kind == SmtpPathKind.Postmaster ? Postmaster(session) : path.Address;
        if (path.Kind == SmtpPathKind.AtLiteral)
        {
            return SmtpReplies.RecipientAtLiteral;
        }

        if (address is null)
        {
            return SmtpReplies.BadRecipient;
        }

        var fault = RcptParameters.Parse(path.Rest, out var parameters);
        if (fault != ParameterFault.None)
        {
            return fault == ParameterFault.Unknown ? SmtpReplies.UnknownParameter : SmtpReplies.BadParameter;
        }

        var transaction = session.Transaction!;
        if (path.NeedsUtf8 && !transaction.Parameters.SmtpUtf8)
        {
            return SmtpReplies.NeedsSmtpUtf8;
        }

        if (transaction.Recipients.Count >= session.Settings.Smtp.MaximumRecipients)
        {
            return SmtpReplies.TooManyRecipients; // mail-rules 14: those accepted are delivered
        }

        var recipient = new Recipient(address, parameters.Notify, parameters.OriginalRecipient);
        try
        {
            if (await session.Door.Acceptance.CheckRecipientAsync(recipient, session.Source with { Sender = transaction.ReversePath }, aborted) is { } refusal)
            {
                return Refuse(session, address, refusal);
            }
        }
        catch (RefusedException refused)
        {
            return Refuse(session, address, refused.Refusal);
        }

        transaction.Add(recipient);
        return SmtpReplies.RecipientOk;
    }

    private static SmtpReply Refuse(SmtpSession session, EmailAddress address, Refusal refusal)
    {
        var reply = SmtpReplies.For(refusal, SmtpStep.Rcpt);
        session.Refused(address.ToString(), reply);
        return reply;
    }
}
