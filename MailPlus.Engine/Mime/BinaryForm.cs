using System.Buffers;
using MimeKit.Encodings;

namespace MailPlus.Engine.Mime;

/// <summary>A part has a transfer encoding that we do not know, or octets that have no place in the message (RFC 3516: UNKNOWN-CTE).</summary>
internal sealed class UnknownEncodingException() : Exception("The content transfer encoding is not known");

/// <summary>
/// Sections of a message with transfer encodings undone (RFC 3516 4.3), and the way back for a message that came with NULs (4.4). Where a whole message or a
/// multipart is meant, the encodings of the parts inside are undone and their fields say so.
/// </summary>
internal sealed class BinaryForm(MessageContent content, PartTree tree)
{
    private const int Chunk = 57 * 512; // a multiple of what one line of base64 holds

    /// <summary>What a multipart or message may say once nothing inside it is binary (RFC 2045 6.4).</summary>
    private static readonly byte[] Unencoded = "8bit"u8.ToArray();

    /// <summary>Takes octets; false when it wants no more.</summary>
    public delegate ValueTask<bool> Sink(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken);

    /// <summary>Writes a part without its transfer encoding, the whole message when it is null.</summary>
    /// <exception cref="UnknownEncodingException">An encoding is not known.</exception>
    public async ValueTask WriteAsync(Part? part, Sink sink, CancellationToken cancellationToken)
    {
        if (part is { Kind: PartKind.Leaf })
        {
            RequireKnown(part);
            await DecodeAsync(part, sink, cancellationToken);
            return;
        }

        var start = part?.BodyStart ?? 0;
        var end = part?.BodyEnd ?? content.Length;
        var leaves = tree.All().Where(p => p.Kind == PartKind.Leaf && p.HeaderStart >= start && p.BodyStart <= end).ToList();
        leaves.ForEach(RequireKnown);
        await RecodeAsync((start, end), [.. leaves.Where(l => PartText.DecoderOf(l) is not null)], new Recoding("binary"u8.ToArray(), DecodeAsync), sink, cancellationToken);
    }

    /// <summary>Writes the message with base64 for every part that holds NUL, so that it can be shown to any client.</summary>
    /// <exception cref="UnknownEncodingException">A NUL stands where it cannot be encoded.</exception>
    public async ValueTask WriteWithoutNulsAsync(Sink sink, CancellationToken cancellationToken)
    {
        var leaves = new List<Part>();
        foreach (var part in tree.All())
        {
            if (part.Kind == PartKind.Leaf && PartText.DecoderOf(part) is null && await HasNulAsync(part, cancellationToken))
            {
                RequireKnown(part);
                leaves.Add(part);
            }
        }

        await RecodeAsync((0, content.Length), leaves, new Recoding("base64"u8.ToArray(), EncodeAsync), Checked, cancellationToken);

        ValueTask<bool> Checked(ReadOnlyMemory<byte> octets, CancellationToken token) =>
            octets.Span.Contains((byte)0) ? throw new UnknownEncodingException() : sink(octets, token);
    }

    /// <summary>
    /// Writes a message that came as BINARYMIME (RFC 3030 3) with base64 for every part that is declared binary, so that what is left is lines. Whether it is, the caller
    /// checks: octets outside such parts go through as they came.
    /// </summary>
    public async ValueTask WriteForLinesAsync(Sink sink, CancellationToken cancellationToken) =>
        await RecodeAsync((0, content.Length), [.. tree.All().Where(part => part.Encoding == "BINARY")], new Recoding("base64"u8.ToArray(), EncodeAsync), sink, cancellationToken);

    private static void RequireKnown(Part part)
    {
        if (PartText.DecoderOf(part) is null && part.Encoding is not ("7BIT" or "8BIT" or "BINARY"))
        {
            throw new UnknownEncodingException();
        }
    }

    /// <summary>Copies a range; the bodies of some parts go through a recoding, and their fields name the new encoding.</summary>
    private async ValueTask RecodeAsync((long Start, long End) range, List<Part> parts, Recoding recoding, Sink sink, CancellationToken cancellationToken)
    {
        var at = range.Start;
        foreach (var part in parts)
        {
            var (fieldStart, fieldEnd) = await FindFieldAsync(part, cancellationToken);
            var isLeaf = part.Kind == PartKind.Leaf;
            if (!await CopyAsync(at, fieldStart, sink, cancellationToken)
                || !await sink("Content-Transfer-Encoding: "u8.ToArray(), cancellationToken) || !await sink(isLeaf ? recoding.Name : Unencoded, cancellationToken) || !await sink("\r\n"u8.ToArray(), cancellationToken)
                || !await CopyAsync(fieldEnd, part.BodyStart, sink, cancellationToken)
                || isLeaf && !await recoding.Body(part, sink, cancellationToken))
            {
                return;
            }

            at = isLeaf ? part.BodyEnd : part.BodyStart;
        }

        await CopyAsync(at, range.End, sink, cancellationToken);
    }

    /// <summary>Where the field of the encoding stands; an empty range at the start of the header when there is none.</summary>
    private async ValueTask<(long Start, long End)> FindFieldAsync(Part part, CancellationToken cancellationToken)
    {
        var header = HeaderFields.Read(await content.ReadRangeAsync(part.HeaderStart, (int)Math.Min(part.BodyStart - part.HeaderStart, HeaderFields.MaximumLength), cancellationToken));
        foreach (var field in header.Fields)
        {
            if (header.IsNamed(field, "Content-Transfer-Encoding"u8))
            {
                return (part.HeaderStart + field.Start, part.HeaderStart + field.End);
            }
        }

        return (part.HeaderStart, part.HeaderStart);
    }

    private async ValueTask<bool> HasNulAsync(Part part, CancellationToken cancellationToken)
    {
        var found = false;
        await CopyAsync(part.BodyStart, part.BodyEnd, (octets, _) => new(!(found = found || octets.Span.Contains((byte)0))), cancellationToken);
        return found;
    }

    private async ValueTask<bool> DecodeAsync(Part part, Sink sink, CancellationToken cancellationToken)
    {
        var decoder = PartText.DecoderOf(part);
        return decoder is null
            ? await CopyAsync(part.BodyStart, part.BodyEnd, sink, cancellationToken)
            : await CopyAsync(part.BodyStart, part.BodyEnd, Prepared(part, Converted(decoder.EstimateOutputLength, decoder.Decode, sink)), cancellationToken);
    }

    /// <summary>White space at the end of a line of quoted-printable was added on the way and is deleted (RFC 2045 6.7, rule 3).</summary>
    private static Sink Prepared(Part part, Sink decoding) => part.Encoding == "QUOTED-PRINTABLE" ? new TrailingSpace(decoding).WriteAsync : decoding;

    private async ValueTask<bool> EncodeAsync(Part part, Sink sink, CancellationToken cancellationToken)
    {
        var encoder = new Base64Encoder(76);
        if (!await CopyAsync(part.BodyStart, part.BodyEnd, Converted(encoder.EstimateOutputLength, encoder.Encode, sink), cancellationToken))
        {
            return false;
        }

        var rest = new byte[encoder.EstimateOutputLength(0) + 16];
        var length = encoder.Flush([], 0, 0, rest);
        return await sink(WithCrLf(rest.AsSpan(0, length)), cancellationToken);
    }

    private static Sink Converted(Func<int, int> estimate, Func<byte[], int, int, byte[], int> convert, Sink sink) => async (octets, token) =>
    {
        var input = octets.ToArray();
        var output = new byte[estimate(input.Length)];
        var length = convert(input, 0, input.Length, output);
        return await sink(convert.Target is Base64Encoder ? WithCrLf(output.AsSpan(0, length)) : output.AsMemory(0, length), token);
    };

    /// <summary>The encoder ends lines with LF alone.</summary>
    private static byte[] WithCrLf(ReadOnlySpan<byte> lines)
    {
        var made = new ByteBuilder(lines.Length + (lines.Length / 70) + 2);
        foreach (var c in lines)
        {
            if (c == '\n')
            {
                made.Append((byte)'\r');
            }

            made.Append(c);
        }

        return made.ToArray();
    }

    private async ValueTask<bool> CopyAsync(long start, long end, Sink sink, CancellationToken cancellationToken)
    {
        if (content.InMemory is { } memory)
        {
            for (var at = start; at < end; at += Chunk)
            {
                if (!await sink(memory.Slice((int)at, (int)Math.Min(Chunk, end - at)), cancellationToken))
                {
                    return false;
                }
            }

            return true;
        }

        await using var stream = content.OpenRead();
        stream.Position = start;
        var buffer = ArrayPool<byte>.Shared.Rent(Chunk);
        try
        {
            for (var left = end - start; left > 0;)
            {
                var read = await stream.ReadAtLeastAsync(buffer.AsMemory(0, (int)Math.Min(Chunk, left)), (int)Math.Min(Chunk, left), throwOnEndOfStream: true, cancellationToken);
                left -= read;
                if (!await sink(buffer.AsMemory(0, read), cancellationToken))
                {
                    return false;
                }
            }

            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private sealed record Recoding(byte[] Name, Func<Part, Sink, CancellationToken, ValueTask<bool>> Body);
}
