using System.Text;
using Lucene.Net.Index;
using Lucene.Net.Util;

namespace MailPlus.Engine.Search;

/// <summary>All terms of one field in one segment as one block of octets, so that a needle is found inside terms at the speed of memory.</summary>
internal sealed class Vocabulary
{
    private const byte Separator = (byte)'\n'; // never part of a term
    private readonly byte[] _terms;

    private Vocabulary(byte[] terms) => _terms = terms;

    /// <summary>Octets it takes.</summary>
    public int Size => _terms.Length;

    /// <summary>Reads the terms of a field; null when they would take more than so many octets.</summary>
    public static Vocabulary? Read(Terms? terms, int maximum)
    {
        if (terms is null)
        {
            return new Vocabulary([]);
        }

        var block = new MemoryStream();
        block.WriteByte(Separator);
        for (var each = terms.GetEnumerator(); each.MoveNext();)
        {
            block.Write(each.Term.Bytes, each.Term.Offset, each.Term.Length);
            block.WriteByte(Separator);
            if (block.Length > maximum)
            {
                return null;
            }
        }

        return new Vocabulary(block.ToArray());
    }

    /// <summary>The terms that a piece fits, in order.</summary>
    public IEnumerable<BytesRef> Matching(Piece piece)
    {
        var pattern = Pattern(piece);
        var at = 0;
        while (at < _terms.Length)
        {
            var hit = _terms.AsSpan(at).IndexOf(pattern);
            if (hit < 0)
            {
                yield break;
            }

            hit += at;

            // A pattern that begins with the separator begins in front of its term.
            var inside = piece.Fit is PieceFit.AtStart or PieceFit.Letter or PieceFit.Whole ? hit + 1 : hit;
            var start = _terms.AsSpan(0, inside).LastIndexOf(Separator) + 1;
            var end = inside + _terms.AsSpan(inside).IndexOf(Separator);
            if (piece.Fit != PieceFit.Letter || HasMarksOnly(_terms.AsSpan(hit + pattern.Length, end - hit - pattern.Length)))
            {
                yield return new BytesRef(_terms, start, end - start);
            }

            at = end;
        }
    }

    /// <summary>Whether a piece fits a term.</summary>
    public static bool Fits(Piece piece, ReadOnlySpan<byte> term, ReadOnlySpan<byte> text) => piece.Fit switch
    {
        PieceFit.Inside => term.IndexOf(text) >= 0,
        PieceFit.AtEnd => term.EndsWith(text),
        PieceFit.AtStart => term.StartsWith(text),
        PieceFit.Whole => term.SequenceEqual(text),
        _ => term.StartsWith(text) && HasMarksOnly(term[text.Length..]),
    };

    private static byte[] Pattern(Piece piece) => Encoding.UTF8.GetBytes(piece.Fit switch
    {
        PieceFit.Inside => piece.Text,
        PieceFit.AtEnd => piece.Text + "\n",
        PieceFit.Whole => "\n" + piece.Text + "\n",
        _ => "\n" + piece.Text,
    });

    private static bool HasMarksOnly(ReadOnlySpan<byte> rest)
    {
        if (rest.IsEmpty)
        {
            return true;
        }

        var text = Encoding.UTF8.GetString(rest);
        for (var at = 0; at < text.Length; at += char.IsHighSurrogate(text[at]) ? 2 : 1)
        {
            if (!TermRuns.IsMark(text, at))
            {
                return false;
            }
        }

        return true;
    }
}
