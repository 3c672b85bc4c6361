using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>ENABLE (RFC 5161).</summary>
internal sealed class EnableCommand() : ImapCommand("ENABLE", SessionStates.SignedIn)
{
    public override ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var enabled = "";
        foreach (var name in Parse(command))
        {
            if (name == "CONDSTORE" && enabled.Length == 0)
            {
                session.IsCondStore = true;
                enabled = " CONDSTORE";
            }
        }

        session.Untagged("ENABLED" + enabled);
        return new(Completion.Ok("Enabled"));
    }

    private static List<string> Parse(CommandText command)
    {
        var reader = command.Read();
        var names = new List<string>();
        do
        {
            reader.Space();
            names.Add(reader.Word());
        }
        while (!reader.AtEnd);
        return names;
    }
}
