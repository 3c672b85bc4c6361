using System.Buffers;

namespace MailPlus.Tests.Support;

/// <summary>Sequences of several segments, as pipes give them.</summary>
public static class Segments
{
    /// <summary>The sequence with one more segment at its end.</summary>
    public static ReadOnlySequence<byte> Append(ReadOnlySequence<byte> sequence, ReadOnlyMemory<byte> more)
    {
        Segment? first = null;
        Segment? last = null;
        foreach (var memory in sequence)
        {
            Add(memory);
        }

        Add(more);
        return new ReadOnlySequence<byte>(first!, 0, last!, last!.Memory.Length);

        void Add(ReadOnlyMemory<byte> memory)
        {
            last = new Segment(memory, last);
            first ??= last;
        }
    }

    /// <summary>One segment per chunk.</summary>
    public static ReadOnlySequence<byte> Of(ReadOnlyMemory<byte> bytes, int chunk)
    {
        var sequence = ReadOnlySequence<byte>.Empty;
        for (var at = 0; at < bytes.Length; at += chunk)
        {
            sequence = Append(sequence, bytes.Slice(at, Math.Min(chunk, bytes.Length - at)));
        }

        return sequence;
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? before)
        {
            Memory = memory;
            if (before is not null)
            {
                RunningIndex = before.RunningIndex + before.Memory.Length;
                before.Next = this;
            }
        }
    }
}
