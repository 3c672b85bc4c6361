using Lucene.Net.Tartarus.Snowball.Ext;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Search;

/// <summary>The terms of one message by field of the index.</summary>
internal sealed class IndexedMessage
{
    /// <summary>Terms of one message above which it is not indexed but read by every search.</summary>
    private const int MostTerms = 100_000;

    private readonly Dictionary<string, HashSet<string>> _terms = new(StringComparer.Ordinal);

    private IndexedMessage(Uid uid) => Uid = uid;

    /// <summary>UID.</summary>
    public Uid Uid { get; }

    /// <summary>Too big or too odd to be indexed: whoever searches reads it.</summary>
    public bool IsOpaque { get; private set; }

    /// <summary>Terms by field.</summary>
    public IReadOnlyDictionary<string, HashSet<string>> Terms => _terms;

    /// <summary>Reads and cuts a message.</summary>
    public static async ValueTask<IndexedMessage> ReadAsync(Uid uid, StoredContent content, bool byCharacter, CancellationToken cancellationToken)
    {
        var message = new IndexedMessage(uid);
        var fields = await MessageTexts.FieldsAsync(content, cancellationToken);
        var body = MessageTexts.BodyToIndex(content);
        message.IsOpaque = body is null || !message.TryCutFields(fields, byCharacter) || !body.All(text => message.TryAdd(IndexFields.Body, text, byCharacter));
        if (message.IsOpaque)
        {
            message._terms.Clear();
        }
        else
        {
            message.AddLooseForms();
        }

        return message;
    }

    private bool TryCutFields(List<(string Name, string Value)> fields, bool byCharacter)
    {
        foreach (var (name, value) in fields)
        {
            Of(IndexFields.Names).Add(name.ToUpperInvariant());
            if (!TryAdd(IndexFields.OtherHeaders, name, byCharacter) || !TryAdd(IndexFields.OfHeader(name), value, byCharacter))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryAdd(string field, string text, bool byCharacter)
    {
        var terms = Of(field);
        return TermCutter.TryCut(Casemap.Fold(text), byCharacter, terms) && terms.Count <= MostTerms;
    }

    private HashSet<string> Of(string field) =>
        _terms.TryGetValue(field, out var terms) ? terms : _terms[field] = new HashSet<string>(StringComparer.Ordinal);

    private void AddLooseForms()
    {
        var loose = new HashSet<string>(StringComparer.Ordinal);
        var stemmer = new EnglishStemmer();
        foreach (var field in IndexFields.Text)
        {
            if (_terms.TryGetValue(field, out var terms))
            {
                foreach (var term in terms)
                {
                    var plain = LooseForms.WithoutMarks(term);
                    if (!ReferenceEquals(plain, term))
                    {
                        loose.Add(plain);
                    }

                    var stem = LooseForms.Stem(stemmer, plain);
                    if (!stem.Equals(plain, StringComparison.OrdinalIgnoreCase))
                    {
                        loose.Add(stem);
                    }
                }
            }
        }

        if (loose.Count > 0)
        {
            _terms[IndexFields.Loose] = loose;
        }
    }
}
