using System.Text;

namespace MailPlus.Engine.Primitives;

/// <summary>
/// Text of strangers before it is normalised: <see cref="string.Normalize(NormalizationForm)"/> throws on halves of surrogate pairs, which a cut or a character reference
/// may leave alone, and on U+FFFE.
/// </summary>
internal static class UnicodeText
{
    private const char Stumbling = '\uFFFE';

    /// <summary>Whether it can be normalised as it is.</summary>
    public static bool IsWellFormed(string text) => Fault(text, 0) < 0;

    /// <summary>Normalised; U+FFFD stands for what cannot be.</summary>
    public static string Normalised(string text, NormalizationForm form)
    {
        if (Ascii.IsValid(text))
        {
            return text;
        }

        StringBuilder? mended = null;
        for (var at = Fault(text, 0); at >= 0; at = Fault(text, at + 1))
        {
            (mended ??= new StringBuilder(text))[at] = '\uFFFD';
        }

        return (mended?.ToString() ?? text).Normalize(form);
    }

    private static int Fault(string text, int start)
    {
        for (var at = start; at < text.Length; at++)
        {
            if (char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]))
            {
                at++;
            }
            else if (text[at] == Stumbling || char.IsSurrogate(text[at]))
            {
                return at;
            }
        }

        return -1;
    }
}
