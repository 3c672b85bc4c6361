using System.Globalization;
using System.Text;
using Lucene.Net.Tartarus.Snowball.Ext;
using MailPlus.Engine.Mime;

namespace MailPlus.Engine.Search;

/// <summary>Forms in which words are compared loosely: without marks, and by their English stem.</summary>
internal static class LooseForms
{
    private const int ShortestStemmed = 3;
    private const int LongestStemmed = 40;

    /// <summary>Folded text without accents; the same string when it has none.</summary>
    public static string WithoutMarks(string folded)
    {
        if (Ascii.IsValid(folded))
        {
            return folded;
        }

        var plain = new StringBuilder(folded.Length);
        foreach (var c in folded)
        {
            if (CharUnicodeInfo.GetUnicodeCategory(c) != UnicodeCategory.NonSpacingMark)
            {
                plain.Append(c);
            }
        }

        return plain.Length == folded.Length ? folded : plain.ToString();
    }

    /// <summary>The stem of a word of ASCII letters, in lower case so that it is no word of the text; other words stay as they are.</summary>
    public static string Stem(EnglishStemmer stemmer, string word)
    {
        if (word.Length is < ShortestStemmed or > LongestStemmed || word.AsSpan().ContainsAnyExceptInRange('A', 'Z'))
        {
            return word;
        }

        stemmer.SetCurrent(word.ToLowerInvariant());
        stemmer.Stem();
        return stemmer.Current;
    }
}
