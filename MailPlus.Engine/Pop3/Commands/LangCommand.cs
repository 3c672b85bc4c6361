using System.Globalization;
using MailPlus.Engine.Pop3.Server;
using MailPlus.Engine.Pop3.Wire;

namespace MailPlus.Engine.Pop3.Commands;

/// <summary>LANG (RFC 6856 3): lists the languages of answers, or takes one; a tag with a region finds its language, "*" goes back to the usual one.</summary>
internal sealed class LangCommand() : Pop3Command("LANG", Pop3Stage.Any)
{
    private static readonly string[] Tags = ["en", "ko"];

    public override ValueTask<Pop3Reply?> RunAsync(Pop3Session session, Pop3Line line, CancellationToken aborted)
    {
        switch (line.Words())
        {
            case []:
                session.Write(Pop3Reply.Ok("Languages"));
                foreach (var tag in Tags)
                {
                    session.WriteLine($"{tag} {CultureInfo.GetCultureInfo(tag).NativeName}");
                }

                session.WriteLine(".");
                return new ValueTask<Pop3Reply?>((Pop3Reply?)null);
            case ["*"]:
                session.Language = CultureInfo.InvariantCulture;
                return Reply(Pop3Reply.Ok("LanguageTaken") with { Lead = Tags[0] });
            case [var wanted] when Tags.FirstOrDefault(tag => wanted.Split('-')[0].Equals(tag, StringComparison.OrdinalIgnoreCase)) is { } found:
                session.Language = CultureInfo.GetCultureInfo(found);
                return Reply(Pop3Reply.Ok("LanguageTaken") with { Lead = found });
            default:
                return Reply(Pop3Reply.Error("LanguageUnknown"));
        }
    }
}

/// <summary>UTF8 (RFC 6856 2): from now on headers come as they are, UTF-8 included.</summary>
internal sealed class Utf8Command() : Pop3Command("UTF8", Pop3Stage.Before)
{
    public override ValueTask<Pop3Reply?> RunAsync(Pop3Session session, Pop3Line line, CancellationToken aborted)
    {
        if (line.Argument.Length > 0)
        {
            return Reply(Pop3Reply.Error("WrongArguments"));
        }

        session.IsUtf8 = true;
        return Reply(Pop3Reply.Ok("Utf8IsOn"));
    }
}
