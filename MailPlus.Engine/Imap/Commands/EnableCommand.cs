using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>ENABLE (RFC 5161) of CONDSTORE, QRESYNC (RFC 7162), IMAP4rev2 (RFC 9051), UIDONLY (RFC 9586) and UTF8=ACCEPT (RFC 6855); unknown names are passed over.</summary>
internal sealed class EnableCommand() : ImapCommand("ENABLE", SessionStates.SignedIn)
{
    public override ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var modes = session.Modes;
        var enabled = "";
        foreach (var name in Parse(command).Distinct())
        {
            switch (name)
            {
                case "CONDSTORE":
                    modes.CondStore = true;
                    break;
                case "QRESYNC":
                    modes.QResync = modes.CondStore = true;
                    break;
                case "IMAP4REV2":
                    modes.Rev2 = true;
                    break;
                case "UTF8=ACCEPT":
                    modes.Utf8 = true;
                    break;
                case "UIDONLY":
                    modes.UidOnly = true;
                    break;
                default:
                    continue;
            }

            enabled += name == "IMAP4REV2" ? " IMAP4rev2" : " " + name;
        }

        session.UseUtf8Names();
        if (session.Selected is { } selected)
        {
            selected.LastStructure = null; // of a form that is no longer shown
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
