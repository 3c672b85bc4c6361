using System.Globalization;
using System.Resources;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Pop3.Server;

/// <summary>The first line of an answer: a key of <c>Pop3Texts.resx</c>, because LANG lets a client choose the language (RFC 6856 3).</summary>
/// <param name="IsOk">+OK or -ERR.</param>
/// <param name="Key">Key of its text.</param>
internal sealed record Pop3Reply(bool IsOk, string Key)
{
    private static readonly ResourceManager Texts = new("MailPlus.Engine.Pop3.Server.Pop3Texts", typeof(Pop3Reply).Assembly);

    /// <summary>Arguments of the text.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Response code (RFC 2449 8, RFC 3206), "" for none.</summary>
    public string Code { get; init; } = "";

    /// <summary>Words before the text that programs read, "" for none.</summary>
    public string Lead { get; init; } = "";

    /// <summary>The session ends after it.</summary>
    public bool Closes { get; init; }

    /// <summary>A refusal that is said in its own words.</summary>
    public Refusal? Refusal { get; init; }

    public static Pop3Reply Ok(string key, params string[] arguments) => new(true, key) { Arguments = arguments };

    public static Pop3Reply Error(string key, string code = "") => new(false, key) { Code = code };

    /// <summary>+OK with words for programs only.</summary>
    public static Pop3Reply Line(string lead) => new(true, "") { Lead = lead };

    /// <summary>The one place that turns a refusal into an answer (design rule 5).</summary>
    public static Pop3Reply Of(Refusal refusal) => new(false, "")
    {
        Refusal = refusal,
        Code = refusal.Kind switch
        {
            RefusalKind.AuthenticationFailed or RefusalKind.NotAllowed => "AUTH",
            RefusalKind.Conflict => "IN-USE",
            RefusalKind.Throttled or RefusalKind.Unavailable or RefusalKind.TooMany => "SYS/TEMP",
            _ => refusal.Temporary ? "SYS/TEMP" : "SYS/PERM",
        },
    };

    /// <summary>The line without its end, in a language.</summary>
    public string In(CultureInfo language)
    {
        var text = Refusal is { } refusal ? RefusalText.In(refusal, language) : Key.Length == 0 ? "" : Texts.GetString(Key, language) ?? Key;
        if (Arguments.Count > 0)
        {
            text = string.Format(CultureInfo.InvariantCulture, text, [.. Arguments]);
        }

        return string.Join(' ', new[] { IsOk ? "+OK" : "-ERR", Code.Length > 0 ? $"[{Code}]" : "", Lead, text }.Where(part => part.Length > 0));
    }
}
