using System.Text;

namespace MailPlus.Engine.Mime;

/// <summary>The collation i;unicode-casemap (RFC 5051), which RFC 5255 wants for SEARCH, SORT and THREAD: titlecase, decompose, compare octets.</summary>
internal static class Casemap
{
    /// <summary>The text in the form whose octets are compared.</summary>
    public static string Fold(string text)
    {
        // Upper and title case differ in four digraphs only, and in the same way for both sides of a comparison.
        var upper = text.ToUpperInvariant();
        return Ascii.IsValid(upper) ? upper : Mended(upper).Normalize(NormalizationForm.FormKD);
    }

    /// <summary>Halves of surrogate pairs, which a cut or a character reference may leave alone, and U+FFFE cannot be decomposed: U+FFFD stands for them.</summary>
    private static string Mended(string text)
    {
        StringBuilder? mended = null;
        for (var at = 0; at < text.Length; at++)
        {
            if (char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]))
            {
                at++;
            }
            else if (char.IsSurrogate(text[at]) || text[at] == '\ufffe')
            {
                (mended ??= new StringBuilder(text))[at] = '\ufffd';
            }
        }

        return mended?.ToString() ?? text;
    }

    /// <summary>The octets to be compared.</summary>
    public static byte[] Key(string text) => Encoding.UTF8.GetBytes(Fold(text));
}
