using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>NOTIFY (RFC 5465): what is told unasked, also while no command runs.</summary>
internal sealed class NotifyCommand() : ImapCommand("NOTIFY", SessionStates.SignedIn)
{
    private const string Events = "BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange MailboxMetadataChange ServerMetadataChange)";

    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var arguments = NotifyArguments.Parse(command);
        if (arguments.HasUnknownEvents)
        {
            return Completion.No("An event is not known here", Events);
        }

        if (arguments.IsTooMuch)
        {
            return Completion.No("This is too much to watch", "NOTIFICATIONOVERFLOW");
        }

        session.IsCondStore |= arguments.Selected?.NewItems.Any(i => i.Attribute == FetchAttribute.ModSeq) ?? false;
        var watch = await NotifyWatch.StartAsync(session, arguments, cancellationToken);
        session.UseWatch(watch);
        if (arguments.WantsStatus)
        {
            await watch.WriteStatusAsync(session, cancellationToken);
        }

        return Completion.Ok("Notify completed");
    }
}
