using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>LANGUAGE (RFC 5255 3.2): lists the languages, or changes to the first one given that is spoken here.</summary>
internal sealed class LanguageCommand() : ImapCommand("LANGUAGE", SessionStates.Any)
{
    private const string Plain = "i-default";
    private const int MaxRanges = 100;

    public override ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var ranges = Parse(command);
        if (ranges.Count == 0)
        {
            session.Untagged($"LANGUAGE ({string.Join(' ', ResponseLanguage.All.Select(l => l.Tag))} {Plain})");
            return new(Completion.Ok("Language completed"));
        }

        foreach (var range in ranges)
        {
            var isPlain = range.Equals(Plain, StringComparison.OrdinalIgnoreCase);
            var language = range.Equals("default", StringComparison.OrdinalIgnoreCase) ? Preferred(session) : ResponseLanguage.Find(range);
            if (isPlain || language is not null)
            {
                session.Speak(isPlain ? null : language);
                session.Untagged($"LANGUAGE ({(isPlain ? Plain : language!.Tag)})");
                return new(Completion.Ok("Language completed"));
            }
        }

        return new(Completion.No("No such language"));
    }

    /// <summary>What "default" means: the account's own language where it has one.</summary>
    private static ResponseLanguage Preferred(ImapSession session) =>
        ResponseLanguage.Find(session.Actor?.Account is { } account ? session.With.AddressBook.Find(account)?.Language ?? "" : "") ?? ResponseLanguage.All[0];

    private static List<string> Parse(CommandText command)
    {
        var reader = command.Read();
        var ranges = new List<string>();
        while (!reader.AtEnd)
        {
            reader.Space();
            ranges.Add(ranges.Count < MaxRanges ? reader.AStringText() : throw new SyntaxException("Too many languages"));
        }

        return ranges;
    }
}
