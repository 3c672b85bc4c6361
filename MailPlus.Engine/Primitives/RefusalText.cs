using System.Globalization;
using System.Resources;

namespace MailPlus.Engine.Primitives;

/// <summary>The English text of refusals, for protocols and the command line. Pages use the user's language.</summary>
public static class RefusalText
{
    private static readonly ResourceManager Texts = new("MailPlus.Engine.Primitives.Refusals", typeof(RefusalText).Assembly);

    /// <summary>The text with its arguments filled in; the key itself when it has no text.</summary>
    public static string English(Refusal refusal)
    {
        var text = Texts.GetString(refusal.TextKey, CultureInfo.InvariantCulture);
        return text is null ? refusal.TextKey : string.Format(CultureInfo.InvariantCulture, text, [.. refusal.Arguments]);
    }
}
