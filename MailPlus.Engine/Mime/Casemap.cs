using System.Text;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Mime;

/// <summary>The collation i;unicode-casemap (RFC 5051), which RFC 5255 wants for SEARCH, SORT and THREAD: titlecase, decompose, compare octets.</summary>
internal static class Casemap
{
    /// <summary>The text in the form whose octets are compared.</summary>
    public static string Fold(string text)
    {
        // Upper and title case differ in four digraphs only, and in the same way for both sides of a comparison.
        var upper = text.ToUpperInvariant();
        return UnicodeText.Normalised(upper, NormalizationForm.FormKD);
    }

    /// <summary>The octets to be compared.</summary>
    public static byte[] Key(string text) => Encoding.UTF8.GetBytes(Fold(text));
}
