using Lucene.Net.Tartarus.Snowball.Ext;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Search;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>
/// What a FUZZY key looks for (RFC 6203): its words in any order, without case and accents, in another form (same stem) at a lower score. At least half of them
/// must be found. Chinese, Japanese and Korean words are found inside longer ones only where character search is on (DEL-035).
/// </summary>
internal sealed class LooseNeedle
{
    private const int MaxWords = 50;

    private readonly string _phrase;
    private readonly string[] _words;
    private readonly string[] _stems;
    private readonly bool[] _wholeOnly;
    private readonly double[] _found;
    private readonly EnglishStemmer _stemmer = new();
    private bool _hasPhrase;

    public LooseNeedle(string needle, bool byCharacter)
    {
        _phrase = LooseForms.WithoutMarks(Casemap.Fold(needle.Trim()));
        _words = [.. _phrase.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries).Take(MaxWords)];
        _stems = [.. _words.Select(word => LooseForms.Stem(_stemmer, word))];
        _wholeOnly = [.. _words.Select(word => !byCharacter && TermRuns.HasIdeographs(word))];
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

        var plain = LooseForms.WithoutMarks(Casemap.Fold(text));
        if (!_wholeOnly.Contains(true) && plain.Contains(_phrase, StringComparison.Ordinal))
        {
            _hasPhrase = true;
            return;
        }

        HashSet<string>? terms = null;
        HashSet<string>? stems = null;
        for (var i = 0; i < _words.Length; i++)
        {
            if (_found[i] < 1 && (_wholeOnly[i] ? (terms ??= Terms(plain)).Contains(_words[i]) : plain.Contains(_words[i], StringComparison.Ordinal)))
            {
                _found[i] = 1;
            }
            else if (_found[i] == 0 && (stems ??= Stems(terms ??= Terms(plain))).Contains(_stems[i]))
            {
                _found[i] = 0.5;
            }
        }
    }

    private static HashSet<string> Terms(string plain)
    {
        var terms = new HashSet<string>(StringComparer.Ordinal);
        TermCutter.TryCut(plain, byCharacter: false, terms);
        return terms;
    }

    private HashSet<string> Stems(HashSet<string> terms) => [.. terms.Select(term => LooseForms.Stem(_stemmer, term))];
}
