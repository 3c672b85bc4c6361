using System.Buffers;

namespace MailPlus.Engine.Net.Lines;

/// <summary>What <see cref="LineReader.Take"/> found.</summary>
public enum LineStatus
{
    /// <summary>No whole line yet: read more.</summary>
    Incomplete,

    /// <summary>A line that ended with CRLF.</summary>
    Complete,

    /// <summary>A CR that no LF follows stands in the line.</summary>
    BareCarriageReturn,

    /// <summary>An LF without CR before it stands in the line.</summary>
    BareLineFeed,

    /// <summary>The line is longer than allowed.</summary>
    TooLong,
}

/// <summary>
/// Cuts lines that end with CRLF, and with nothing else, out of what came in (RFC 5321 2.3.8), each with a limit on its length. A fault is reported once, at once (so that
/// a client that ends lines with LF alone gets an answer); the rest of the faulty line up to its CRLF is skipped and never taken for a command.
/// One per connection; used by one session loop.
/// </summary>
/// <param name="limit">Longest line in octets, without CRLF.</param>
public sealed class LineReader(int limit)
{
    private bool _skipping;

    /// <summary>Longest line in octets, without CRLF. May change between lines (AUTH answers are longer than commands).</summary>
    public int Limit { get; set; } = limit;

    /// <summary>
    /// Takes the next line. <paramref name="buffer"/> moves past what was consumed: pass its Start as consumed and, when Incomplete, its End as examined to AdvanceTo.
    /// </summary>
    /// <param name="buffer">What came in.</param>
    /// <param name="line">The line without CRLF when Complete; valid until the reader is advanced.</param>
    public LineStatus Take(ref ReadOnlySequence<byte> buffer, out ReadOnlySequence<byte> line)
    {
        line = default;
        while (true)
        {
            if (!TryFindEnd(buffer, out var end))
            {
                return OnNoEnd(ref buffer);
            }

            var before = buffer.GetOffset(end) - buffer.GetOffset(buffer.Start);
            var rest = buffer.Slice(end);
            if (before > Limit && !_skipping)
            {
                buffer = rest;
                _skipping = true;
                return LineStatus.TooLong;
            }

            if (First(rest) == (byte)'\n')
            {
                buffer = rest.Slice(1);
                _skipping = true;
                return LineStatus.BareLineFeed;
            }

            if (rest.Length < 2)
            {
                return LineStatus.Incomplete;
            }

            if (First(rest.Slice(1)) != (byte)'\n')
            {
                buffer = rest.Slice(1);
                if (_skipping)
                {
                    continue;
                }

                _skipping = true;
                return LineStatus.BareCarriageReturn;
            }

            var whole = buffer.Slice(0, end);
            buffer = rest.Slice(2);
            if (_skipping)
            {
                _skipping = false;
                continue;
            }

            line = whole;
            return LineStatus.Complete;
        }
    }

    /// <summary>The first octet; a sequence may begin with an empty segment.</summary>
    private static byte First(in ReadOnlySequence<byte> sequence)
    {
        if (!sequence.FirstSpan.IsEmpty)
        {
            return sequence.FirstSpan[0];
        }

        foreach (var memory in sequence)
        {
            if (!memory.IsEmpty)
            {
                return memory.Span[0];
            }
        }

        throw new ArgumentException("the sequence is empty", nameof(sequence));
    }

    private static bool TryFindEnd(in ReadOnlySequence<byte> buffer, out SequencePosition end)
    {
        if (buffer.IsSingleSegment)
        {
            var at = buffer.FirstSpan.IndexOfAny((byte)'\r', (byte)'\n');
            end = at < 0 ? default : buffer.GetPosition(at);
            return at >= 0;
        }

        var reader = new SequenceReader<byte>(buffer);
        var found = reader.TryAdvanceToAny("\r\n"u8, advancePastDelimiter: false);
        end = reader.Position;
        return found;
    }

    private LineStatus OnNoEnd(ref ReadOnlySequence<byte> buffer)
    {
        if (!_skipping && buffer.Length <= Limit)
        {
            return LineStatus.Incomplete;
        }

        // Keep a last CR: its LF may be the next octet that comes.
        var last = buffer.Slice(buffer.Length - Math.Min(1, buffer.Length));
        var keep = !last.IsEmpty && First(last) == (byte)'\r' ? last.Start : buffer.End;
        buffer = buffer.Slice(keep);
        if (_skipping)
        {
            return LineStatus.Incomplete;
        }

        _skipping = true;
        return LineStatus.TooLong;
    }
}
