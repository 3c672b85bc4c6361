using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>APPEND (RFC 3501 6.3.11) of one or several messages (MULTIAPPEND, RFC 3502), durable when answered.</summary>
internal sealed class AppendCommand() : ImapCommand("APPEND", SessionStates.SignedIn)
{
    private const int MaxMessages = 2000;

    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var messages = new List<NewMessage>();
        try
        {
            var (name, position) = Parse(command);
            if (await session.Places.FindAsync(name, cancellationToken) is not { Mailbox.Selectable: true } place || (place.Rights & (Rights.Lookup | Rights.Insert)) == 0)
            {
                return Completion.No("No such mailbox", "TRYCREATE");
            }

            place.Require(Rights.Insert);
            var reader = new AppendReader(session, place, command.Arguments[position..], command.Message);
            do
            {
                messages.Add(messages.Count < MaxMessages ? await reader.ReadAsync(cancellationToken) : throw new SyntaxException("Too many messages"));
            }
            while (!reader.AtEnd);
            if (MessageLimits.RefuseSaves(session, messages.Count) is { } refused)
            {
                return refused;
            }

            var outcome = await place.Store.AppendAsync(place.Id, messages, cancellationToken);
            session.Watch?.NoteOwn(place, outcome.Uids);
            return Completion.Ok("Append completed", CopyUid.Of(outcome));
        }
        finally
        {
            foreach (var message in messages)
            {
                await message.Content.DisposeAsync();
            }
        }
    }

    private static (string Mailbox, int Position) Parse(CommandText command)
    {
        var reader = command.Read();
        reader.Space();
        return (reader.Mailbox(), reader.Position);
    }
}
