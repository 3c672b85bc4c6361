using System.Text;
using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>CANCELUPDATE (RFC 5267 4.3.5): results named by their tags are no longer kept up to date.</summary>
internal sealed class CancelUpdateCommand() : ImapCommand("CANCELUPDATE", SessionStates.Selected)
{
    public override ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var contexts = session.Selected!.Contexts;
        var tags = Read(command);
        if (tags.Exists(tag => !contexts.Exists(c => c.Tag == tag)))
        {
            return new(Completion.Bad("Nothing is updated under this tag"));
        }

        contexts.RemoveAll(c => tags.Contains(c.Tag));
        return new(Completion.Ok("Cancelupdate completed"));
    }

    private static List<string> Read(CommandText command)
    {
        var reader = command.Read();
        var tags = new List<string>();
        do
        {
            reader.Space();
            tags.Add(Encoding.ASCII.GetString(reader.String()));
        }
        while (!reader.AtEnd);
        return tags;
    }
}
