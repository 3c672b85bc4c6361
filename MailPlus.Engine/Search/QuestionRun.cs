using System.Text;
using Lucene.Net.Index;
using Lucene.Net.Search;
using Lucene.Net.Tartarus.Snowball.Ext;
using Lucene.Net.Util;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Search;

/// <summary>Translates questions about one mailbox into look-ups of terms and runs them over the segments of a shard.</summary>
internal sealed class QuestionRun(IndexReader reader, VocabularyCache vocabularies, (AccountId Account, MailboxId Mailbox) place, bool byCharacter)
{
    private const int MaxWords = 50;

    /// <summary>Messages that every search has to read.</summary>
    public uint[] Opaque() => Collect(leaf => Whole(leaf, IndexFields.Opaque, "1"));

    /// <summary>The answer to a question, null when terms cannot tell.</summary>
    public TextAnswer? Answer(TextQuestion question) => question.IsLoose && question.Needle.Length > 0 ? Loosely(question.Needle) : Exactly(question);

    private TextAnswer? Exactly(TextQuestion question)
    {
        var name = question.Field.ToUpperInvariant();
        var isKept = IndexFields.OfHeader(name) != IndexFields.OtherHeaders;
        if (question.Needle.Length == 0)
        {
            return question.Scope == TextScope.Header ? new TextAnswer(Collect(leaf => Whole(leaf, IndexFields.Names, name)), IsExact: true) : null;
        }

        if (NeedlePlan.Of(question.Needle, byCharacter) is not { } plan)
        {
            return null;
        }

        IReadOnlyList<string> fields = question.Scope switch
        {
            TextScope.Body => [IndexFields.Body],
            TextScope.Text => IndexFields.Text,
            _ => [IndexFields.OfHeader(name)],
        };
        var isOther = question.Scope == TextScope.Header && !isKept;
        return new TextAnswer(
            Collect(leaf => All(leaf, fields, plan.Pieces, isOther ? Whole(leaf, IndexFields.Names, name) : null, isOther)),
            plan.IsExact && !isOther);
    }

    /// <summary>Messages with at least half of the words, found as they stand, without accents, or by their stem; whoever asks reads and weighs them.</summary>
    private TextAnswer? Loosely(string needle)
    {
        var words = LooseForms.WithoutMarks(Casemap.Fold(needle.Trim())).Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries).Take(MaxWords).ToList();
        var plans = words.ConvertAll(word => NeedlePlan.OfFolded(word, byCharacter));
        if (plans.Count == 0 || plans.Contains(null))
        {
            return null;
        }

        var stemmer = new EnglishStemmer();
        var stems = words.ConvertAll(word => LooseForms.Stem(stemmer, word));
        return new TextAnswer(Collect(leaf => Half(leaf, plans, stems)), IsExact: false);
    }

    private FixedBitSet? Half(AtomicReader leaf, List<NeedlePlan?> plans, List<string> stems)
    {
        var counts = new byte[leaf.MaxDoc];
        string[] everywhere = [.. IndexFields.Text, IndexFields.Loose];
        for (var i = 0; i < plans.Count; i++)
        {
            var found = All(leaf, everywhere, plans[i]!.Pieces, null, isLimited: false) ?? new FixedBitSet(leaf.MaxDoc);
            foreach (var field in everywhere)
            {
                // A stem that is no word of the message is kept in lower case.
                foreach (var form in field == IndexFields.Loose ? [stems[i], stems[i].ToUpperInvariant()] : new[] { stems[i].ToUpperInvariant() })
                {
                    if (Whole(leaf, field, form) is { } byStem)
                    {
                        found.Or(byStem);
                    }
                }
            }

            for (var doc = found.Length > 0 ? found.NextSetBit(0) : -1; doc >= 0; doc = doc + 1 < found.Length ? found.NextSetBit(doc + 1) : -1)
            {
                counts[doc]++;
            }
        }

        var half = new FixedBitSet(leaf.MaxDoc);
        for (var doc = 0; doc < counts.Length; doc++)
        {
            if (counts[doc] * 2 >= plans.Count)
            {
                half.Set(doc);
            }
        }

        return half;
    }

    private FixedBitSet? All(AtomicReader leaf, IReadOnlyList<string> fields, IReadOnlyList<Piece> pieces, FixedBitSet? within, bool isLimited)
    {
        if (isLimited && within is null)
        {
            return null;
        }

        var result = within;
        foreach (var piece in pieces)
        {
            if (Any(leaf, fields, piece) is not { } found)
            {
                return null;
            }

            if (result is null)
            {
                result = found;
            }
            else
            {
                result.And(found);
            }
        }

        return result;
    }

    private FixedBitSet? Any(AtomicReader leaf, IReadOnlyList<string> fields, Piece piece)
    {
        FixedBitSet? found = null;
        foreach (var field in fields)
        {
            if (leaf.GetTerms(field) is not { } terms)
            {
                continue;
            }

            if (piece.Fit == PieceFit.Whole)
            {
                Merge(ref found, Whole(leaf, field, piece.Text));
            }
            else if (vocabularies.Of(leaf, field) is { } vocabulary)
            {
                var each = terms.GetEnumerator();
                DocsEnum? reused = null;
                foreach (var term in vocabulary.Matching(piece))
                {
                    if (each.SeekExact(term))
                    {
                        Add(leaf, each, ref reused, found ??= new FixedBitSet(leaf.MaxDoc));
                    }
                }
            }
            else
            {
                Walk(leaf, terms, piece, ref found);
            }
        }

        return found;
    }

    /// <summary>Without a vocabulary in memory every term is looked at on disk.</summary>
    private static void Walk(AtomicReader leaf, Terms terms, Piece piece, ref FixedBitSet? found)
    {
        var text = Encoding.UTF8.GetBytes(piece.Text);
        DocsEnum? reused = null;
        for (var each = terms.GetEnumerator(); each.MoveNext();)
        {
            if (Vocabulary.Fits(piece, each.Term.Bytes.AsSpan(each.Term.Offset, each.Term.Length), text))
            {
                Add(leaf, each, ref reused, found ??= new FixedBitSet(leaf.MaxDoc));
            }
        }
    }

    private static FixedBitSet? Whole(AtomicReader leaf, string field, string term)
    {
        if (leaf.GetTerms(field)?.GetEnumerator() is not { } each || !each.SeekExact(new BytesRef(term)))
        {
            return null;
        }

        var found = new FixedBitSet(leaf.MaxDoc);
        DocsEnum? reused = null;
        Add(leaf, each, ref reused, found);
        return found;
    }

    private static void Merge(ref FixedBitSet? found, FixedBitSet? more)
    {
        if (found is null)
        {
            found = more;
        }
        else if (more is not null)
        {
            found.Or(more);
        }
    }

    private static void Add(AtomicReader leaf, TermsEnum term, ref DocsEnum? reused, FixedBitSet found)
    {
        reused = term.Docs(leaf.LiveDocs, reused, DocsFlags.NONE);
        for (var doc = reused.NextDoc(); doc != DocIdSetIterator.NO_MORE_DOCS; doc = reused.NextDoc())
        {
            found.Set(doc);
        }
    }

    private uint[] Collect(Func<AtomicReader, FixedBitSet?> find)
    {
        var uids = new List<uint>();
        foreach (var context in reader.Leaves)
        {
            var leaf = context.AtomicReader;
            if (find(leaf) is not { } found || found.Length == 0 || leaf.GetNumericDocValues(IndexFields.AccountValue) is not { } accounts)
            {
                continue;
            }

            var mailboxes = leaf.GetNumericDocValues(IndexFields.MailboxValue);
            var numbers = leaf.GetNumericDocValues(IndexFields.UidValue);
            for (var doc = found.NextSetBit(0); doc >= 0; doc = doc + 1 < found.Length ? found.NextSetBit(doc + 1) : -1)
            {
                if (accounts.Get(doc) == place.Account.Value && mailboxes.Get(doc) == place.Mailbox.Value)
                {
                    uids.Add((uint)numbers.Get(doc));
                }
            }
        }

        var sorted = uids.ToArray();
        Array.Sort(sorted);
        return sorted;
    }
}
