using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Sharing;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>CREATE (RFC 3501 6.3.3), with a special use (RFC 6154 3), answered with the mailbox's id (RFC 8474 4.1).</summary>
internal sealed class CreateCommand() : ImapCommand("CREATE", SessionStates.SignedIn)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var (name, uses) = Parse(command);
        if (uses is null || (uses.Count > 0 && Places.IsOthers(name)) || (uses.Count == 1 && await session.Store.FindAsync(uses[0], cancellationToken) is not null))
        {
            return Completion.No("This use is not offered, or another mailbox has it", "USEATTR");
        }

        // A trailing delimiter only says that inferiors will follow; every mailbox may have them.
        var wanted = name.Length > 1 && name.EndsWith('/') ? name[..^1] : name;
        var made = await session.Places.CreateAsync(wanted, uses.Count == 0 ? SpecialUse.None : uses[0], cancellationToken);
        session.Watch?.NoteOwn(made.Name);
        if (session.Modes.Rev2 && made.Name != wanted)
        {
            ListCommand.WriteRenamed(session.Output, wanted, made.Name);
        }

        return Completion.Ok("Create completed", $"MAILBOXID ({ObjectIds.Of(made.Store.Account, made.Id)})");
    }

    /// <summary>The name and its uses; null for uses that no mailbox can have here.</summary>
    private static (string Name, List<SpecialUse>? Uses) Parse(CommandText command)
    {
        var reader = command.Read();
        reader.Space();
        var name = reader.Mailbox();
        List<SpecialUse>? uses = [];
        if (reader.TryTake((byte)' '))
        {
            reader.Take((byte)'(');
            if (!reader.TryWord("USE"u8))
            {
                throw new SyntaxException("Unknown CREATE parameter");
            }

            reader.Space();
            foreach (var flag in reader.FlagList())
            {
                uses = uses is { Count: 0 } && SpecialUses.TryParse(flag, out var use) ? [use] : null;
            }

            reader.Take((byte)')');
        }

        reader.End();
        return (name, uses);
    }

    private static class SpecialUses
    {
        public static bool TryParse(string attribute, out SpecialUse use)
        {
            use = SpecialUse.None;
            return attribute.StartsWith('\\') && Enum.TryParse(attribute[1..], ignoreCase: true, out use) && use != SpecialUse.None && Enum.IsDefined(use) && !char.IsAsciiDigit(attribute[1]);
        }
    }
}
