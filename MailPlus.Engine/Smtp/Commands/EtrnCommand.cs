using MailPlus.Engine.Net.Connections;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Smtp.Server;
using MailPlus.Engine.Smtp.Wire;

namespace MailPlus.Engine.Smtp.Commands;

/// <summary>ETRN (RFC 1985): what waits for a domain is tried at once. For signed-in administrators of the queue, and for networks the settings name.</summary>
internal sealed class EtrnCommand : SmtpCommand
{
    public override SmtpVerb Verb => SmtpVerb.Etrn;

    public override bool IsJunk => true;

    public override SmtpStage Allowed => SmtpStage.Ready;

    /// <summary>Whether the peer may ask.</summary>
    public static bool IsOffered(SmtpSession session) => session.Door.Queue is not null && Asker(session) is not null;

    public override async ValueTask<SmtpReply?> RunAsync(SmtpSession session, string argument, CancellationToken aborted)
    {
        if (session.Door.Queue is not { } queue || Asker(session) is not { } actor)
        {
            return SmtpReplies.NodeNotAllowed;
        }

        var withSubdomains = argument.StartsWith('@');
        if (!DomainName.TryParse(withSubdomains ? argument[1..] : argument, out var domain))
        {
            return SmtpReplies.BadNode; // "#queue" too: queues have no names here
        }

        try
        {
            var count = await queue.RetryDomainAsync(actor, domain, withSubdomains, aborted);
            return SmtpReplies.Started(domain, count);
        }
        catch (RefusedException refused)
        {
            return refused.Refusal.Kind == RefusalKind.NotAllowed ? SmtpReplies.NodeNotAllowed : SmtpReplies.CannotStart;
        }
    }

    protected override SmtpReply OutOfOrder(SmtpStage stage) => stage == SmtpStage.Start ? SmtpReplies.HelloFirst : SmtpReplies.InTransaction;

    private static Actor? Asker(SmtpSession session) =>
        session.Actor is { } actor && actor.Has(Permission.ManageQueue) ? actor
        : AddressRanges.IsListed(session.Connection.Remote.Address, session.Settings.Smtp.QueueStartNetworks) ? Actor.System with { Address = session.Connection.Remote.Address }
        : null;
}
