using System.Globalization;
using System.Text;
using MailPlus.Engine.Mime;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>
/// What a FUZZY key looks for (RFC 6203): its words in any order, without case and accents, a word's ending disregarded at a lower score. At least half of them
/// must be found.
/// </summary>
internal sealed class LooseNeedle
{
    private const int MaxWords = 50;
    private const int ShortestStem = 4;

    private readonly string _phrase;
    private readonly string[] _words;
    private readonly double[] _found;
    private bool _hasPhrase;

    public LooseNeedle(string needle)
    {
        _phrase = Plain(needle.Trim());
        _words = [.. _phrase.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries).Take(MaxWords)];
        _found = new double[_words.Length];
    }

    /// <summary>1 to 100 for what was looked at so far, 0 for no match.</summary>
    public int Score
    {
        get
        {
            if (_hasPhrase)
            {
                return 100;
            }

            var share = _words.Length == 0 ? 0 : _found.Sum() / _words.Length;
            return share < 0.5 ? 0 : (int)(share * 90);
        }
    }

    /// <summary>Looks at one text of the message.</summary>
    public void Look(string text)
    {
        if (_hasPhrase)
        {
            return;
        }

        var plain = Plain(text);
        if (plain.Contains(_phrase, StringComparison.Ordinal))
        {
            _hasPhrase = true;
            return;
        }

        for (var i = 0; i < _words.Length; i++)
        {
            if (_found[i] < 1 && plain.Contains(_words[i], StringComparison.Ordinal))
            {
                _found[i] = 1;
            }
            else if (_found[i] == 0 && _words[i].Length > ShortestStem && plain.Contains(_words[i][..^1], StringComparison.Ordinal))
            {
                _found[i] = 0.5;
            }
        }
    }

    private static string Plain(string text)
    {
        var folded = Casemap.Fold(text);
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

        return plain.ToString();
    }
}
