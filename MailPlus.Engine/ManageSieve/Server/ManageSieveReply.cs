using System.Globalization;
using System.Text;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.ManageSieve.Server;

/// <summary>The last line of an answer (RFC 5804 1.2).</summary>
/// <param name="Word">OK, NO or BYE.</param>
/// <param name="Text">For people.</param>
/// <param name="Code">Response code (RFC 5804 1.3), "" for none.</param>
internal sealed record ManageSieveReply(string Word, string Text, string Code = "")
{
    private const int LongestQuoted = 1000;

    public bool IsOk => Word == "OK";

    /// <summary>The session ends after it.</summary>
    public bool Closes => Word == "BYE";

    public static ManageSieveReply Ok(string text, string code = "") => new("OK", text, code);

    public static ManageSieveReply No(string text, string code = "") => new("NO", text, code);

    public static ManageSieveReply Bye(string text, string code = "") => new("BYE", text, code);

    /// <summary>The one place that turns a refusal into an answer.</summary>
    public static ManageSieveReply Of(Refusal refusal) => No(RefusalText.English(refusal), refusal.Kind switch
    {
        RefusalKind.NotFound => "NONEXISTENT",
        RefusalKind.AlreadyExists => "ALREADYEXISTS",
        RefusalKind.Conflict => "ACTIVE",
        RefusalKind.TooLarge => "QUOTA/MAXSIZE",
        RefusalKind.TooMany => "QUOTA/MAXSCRIPTS",
        RefusalKind.OverQuota => "QUOTA",
        RefusalKind.Throttled or RefusalKind.Unavailable => "TRYLATER",
        _ => "",
    });

    public override string ToString() => $"{Word}{(Code.Length > 0 ? $" ({Code})" : "")}{(Text.Length > 0 ? " " + Quoted(Text) : "")}";

    /// <summary>A string as it goes to the client: a literal where it has lines, or is long.</summary>
    public static string Quoted(string text)
    {
        if (text.IndexOfAny(['\r', '\n', '\0']) < 0 && text.Length <= LongestQuoted)
        {
            return $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
        }

        text = text.Replace("\0", "", StringComparison.Ordinal).ReplaceLineEndings("\r\n");
        return string.Create(CultureInfo.InvariantCulture, $"{{{Encoding.UTF8.GetByteCount(text)}}}\r\n{text}");
    }
}
