using System.Globalization;
using System.Resources;

namespace MailPlus.Engine.Primitives;

/// <summary>The words of a refusal from <c>Refusals.resx</c>.</summary>
public static class RefusalText
{
    private static readonly ResourceManager Texts = new("MailPlus.Engine.Primitives.Refusals", typeof(RefusalText).Assembly);

    /// <summary>What protocols say: English.</summary>
    public static string English(Refusal refusal) => In(refusal, CultureInfo.InvariantCulture);

    /// <summary>What a person reads in their language; the key itself when it has no text.</summary>
    public static string In(Refusal refusal, CultureInfo culture)
    {
        var text = Texts.GetString(refusal.TextKey, culture) ?? refusal.TextKey;
        return refusal.Arguments.Count == 0 ? text : string.Format(culture, text, [.. refusal.Arguments]);
    }
}
