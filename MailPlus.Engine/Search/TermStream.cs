using Lucene.Net.Analysis;
using Lucene.Net.Analysis.TokenAttributes;
using Lucene.Net.Documents;
using Lucene.Net.Index;

namespace MailPlus.Engine.Search;

/// <summary>Hands terms that are cut already to Lucene, each once, without places: whoever needs to know where a needle stands reads the message.</summary>
internal sealed class TermStream : TokenStream
{
    /// <summary>How a field of terms is indexed.</summary>
    public static readonly FieldType Type = MakeType();

    private readonly ICharTermAttribute _term;
    private HashSet<string>.Enumerator _terms;

    public TermStream(HashSet<string> terms)
    {
        _term = AddAttribute<ICharTermAttribute>();
        _terms = terms.GetEnumerator();
    }

    public override bool IncrementToken()
    {
        if (!_terms.MoveNext())
        {
            return false;
        }

        ClearAttributes();
        _term.SetEmpty().Append(_terms.Current);
        return true;
    }

    private static FieldType MakeType()
    {
        var type = new FieldType { IsIndexed = true, IsTokenized = true, OmitNorms = true, IndexOptions = IndexOptions.DOCS_ONLY };
        type.Freeze();
        return type;
    }
}
