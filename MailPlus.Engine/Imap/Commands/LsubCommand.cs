using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>LSUB (RFC 3501 6.3.9): the subscription list, superiors of subscribed names as \Noselect where % stops above them.</summary>
internal sealed class LsubCommand() : ImapCommand("LSUB", SessionStates.SignedIn)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var pattern = Parse(command);
        var subscribed = (await session.Store.SubscriptionsAsync(cancellationToken)).ToHashSet(StringComparer.Ordinal);
        var shown = new SortedDictionary<string, bool>(StringComparer.Ordinal);
        foreach (var name in subscribed)
        {
            if (pattern.Matches(name))
            {
                shown[name] = true;
                continue;
            }

            foreach (var superior in ListCommand.Superiors(name).Where(pattern.Matches))
            {
                shown.TryAdd(superior, subscribed.Contains(superior));
            }
        }

        foreach (var (name, isSubscribed) in shown)
        {
            session.Output.Write(isSubscribed ? "* LSUB () \"/\" "u8 : "* LSUB (\\Noselect) \"/\" "u8);
            session.Output.Mailbox(name);
            session.Output.Line();
        }

        return Completion.Ok("Lsub completed");
    }

    private static MailboxPattern Parse(CommandText command)
    {
        var reader = command.Read();
        reader.Space();
        var reference = reader.Mailbox();
        reader.Space();
        var pattern = reader.ListPattern();
        reader.End();
        return new MailboxPattern(reference, pattern);
    }
}
