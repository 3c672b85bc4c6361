using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>STATUS (RFC 3501 6.3.10): answered from counters.</summary>
internal sealed class StatusCommand() : ImapCommand("STATUS", SessionStates.SignedIn)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var (name, items) = Parse(command);
        await items.WriteAsync(session, await session.Places.RequireSelectableAsync(name, Rights.Read, cancellationToken), cancellationToken);
        return Completion.Ok("Status completed");
    }

    private static (string Name, StatusItems Items) Parse(CommandText command)
    {
        var reader = command.Read();
        reader.Space();
        var name = reader.Mailbox();
        reader.Space();
        var items = StatusItems.Read(ref reader);
        reader.End();
        return (name, items);
    }
}
