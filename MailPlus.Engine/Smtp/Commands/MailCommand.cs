using MailPlus.Engine.Primitives;
using MailPlus.Engine.Smtp.Server;
using MailPlus.Engine.Smtp.Wire;

namespace MailPlus.Engine.Smtp.Commands;

/// <summary>MAIL FROM (RFC 5321 4.1.1.2): begins a transaction.</summary>
internal sealed class MailCommand : SmtpCommand
{
    public override SmtpVerb Verb => SmtpVerb.Mail;

    public override SmtpStage Allowed => SmtpStage.Ready;

    public override async ValueTask<SmtpReply?> RunAsync(SmtpSession session, string argument, CancellationToken aborted)
    {
        if (session.MustAuthenticate)
        {
            return SmtpReplies.AuthenticationRequired;
        }

        var most = session.Settings.Smtp.MaximumMessagesPerConnection;
        if (most > 0 && session.Messages >= most)
        {
            return SmtpReplies.TooManyMessages(session.Hostname);
        }

        if (session.Role == SmtpRole.Mx && session.Actor is null && session.Door.Policies?.Begin(session.Connection.Remote.Address) is { } tooMuch)
        {
            return Refuse(session, null, tooMuch);
        }

        var path = SmtpPath.Parse(argument, "FROM:");
        switch (path.Kind)
        {
            case SmtpPathKind.Malformed:
                return SmtpReplies.BadSender;
            case SmtpPathKind.AtLiteral:
                return SmtpReplies.SenderAtLiteral;
        }

        var fault = MailParameters.Parse(path.Rest, out var parameters);
        if (fault != ParameterFault.None)
        {
            return fault == ParameterFault.Unknown ? SmtpReplies.UnknownParameter : SmtpReplies.BadParameter;
        }

        var terms = parameters.Terms(Instant.Now(session.Door.Clock));
        if (TermsFault(session, parameters, terms) is { } unacceptable)
        {
            return unacceptable;
        }

        if (path.NeedsUtf8 && !parameters.SmtpUtf8)
        {
            return SmtpReplies.NeedsSmtpUtf8;
        }

        if (parameters.Size > session.Settings.Smtp.MaximumMessageSize)
        {
            return SmtpReplies.TooLarge(session.Settings.Smtp.MaximumMessageSize);
        }

        var sender = path.Kind == SmtpPathKind.Postmaster ? RcptCommand.Postmaster(session) : path.Address;
        if (path.Kind == SmtpPathKind.Postmaster && sender is null)
        {
            return SmtpReplies.BadSender;
        }

        try
        {
            if (await session.Door.Acceptance.CheckSenderAsync(sender, session.Source, aborted) is { } refusal)
            {
                return Refuse(session, sender, refusal);
            }
        }
        catch (RefusedException refused)
        {
            return Refuse(session, sender, refused.Refusal);
        }

        session.BeginTransaction(new SmtpTransaction(sender, parameters) { Terms = terms });
        return SmtpReplies.SenderOk;
    }

    private static SmtpReply? TermsFault(SmtpSession session, MailParameters parameters, DeliveryTerms terms)
    {
        if (parameters.IsForSubmission && session.Actor is null || parameters.RequiresTls && !session.Connection.IsTls)
        {
            return SmtpReplies.UnknownParameter; // to strangers, and in clear text, there is no such thing
        }

        if (terms.HoldUntil is not { } until)
        {
            return null;
        }

        var most = TimeSpan.FromDays(session.Settings.Smtp.MaximumHoldDays);
        return most == TimeSpan.Zero ? SmtpReplies.UnknownParameter
            : until.CompareTo(Instant.Now(session.Door.Clock).Plus(most)) > 0 || terms.DeliverBy is { } by && until.CompareTo(by) >= 0 ? SmtpReplies.BadParameter
            : null;
    }

    protected override SmtpReply OutOfOrder(SmtpStage stage) => stage == SmtpStage.Start ? SmtpReplies.HelloFirst : SmtpReplies.NestedMail;

    private static SmtpReply Refuse(SmtpSession session, EmailAddress? sender, Refusal refusal)
    {
        var reply = SmtpReplies.For(refusal, SmtpStep.Mail);
        session.Refused($"MAIL FROM:<{sender}>", reply);
        return reply;
    }
}
