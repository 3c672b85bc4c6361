namespace MailPlus.Engine.Mime;

/// <summary>
/// A message whose header blocks hold UTF-8 (RFC 6532), its own and those of its parts, as a client sees it that did not ask for UTF-8 (RFC 6858): the blocks are in
/// ASCII, everything else is as stored. Which octets stand where is worked out once; the message itself is not copied.
/// </summary>
internal sealed class AsciiForm
{
    private readonly List<Piece> _pieces = [];

    private AsciiForm()
    {
    }

    /// <summary>Octets of the form.</summary>
    public long Length { get; private set; }

    /// <summary>Octets of the header block of the message, the empty line included.</summary>
    public int HeaderLength { get; private set; }

    /// <summary>The form of a message; null when it is the message itself. Reads the content synchronously.</summary>
    public static AsciiForm? Of(MessageContent content, int headerLength, PartTree? tree = null)
    {
        tree ??= StructureReader.Read(content);
        var blocks = tree.All().Where(p => p.Parent is not null).Select(p => (Start: p.HeaderStart, End: p.BodyStart)).Prepend((Start: 0L, End: (long)headerLength)).OrderBy(b => b.Start);
        var form = new AsciiForm();
        long at = 0;
        using var stream = content.OpenRead();
        foreach (var (start, end) in blocks)
        {
            if (start < at || end <= start || end - start > HeaderFields.MaximumLength || end > content.Length)
            {
                continue;
            }

            var block = new byte[end - start];
            stream.Position = start;
            stream.ReadExactly(block);
            if (start == 0)
            {
                form.HeaderLength = headerLength;
            }

            if (!HeaderDowngrade.IsNeeded(block))
            {
                continue;
            }

            var made = HeaderDowngrade.Apply(block);
            form.HeaderLength = start == 0 ? made.Length : form.HeaderLength;
            form.Add(at, start - at, null);
            form.Add(0, made.Length, made);
            at = end;
        }

        if (form._pieces.Count == 0)
        {
            return null;
        }

        form.Add(at, content.Length - at, null);
        return form;
    }

    /// <summary>The form as octets; the message must stay open as long as it is used, and is not disposed with it.</summary>
    public MessageContent Over(MessageContent content)
    {
        if (content.InMemory is { } octets)
        {
            var whole = new byte[Length];
            foreach (var piece in _pieces)
            {
                (piece.Made ?? octets.Slice((int)piece.Offset, (int)piece.Length)).CopyTo(whole.AsMemory((int)piece.Start));
            }

            return MessageContent.FromMemory(whole);
        }

        return new PiecedContent(this, content);
    }

    private void Add(long offset, long length, byte[]? made)
    {
        if (length > 0)
        {
            _pieces.Add(new Piece(Length, length, offset, made is null ? null : (ReadOnlyMemory<byte>?)made));
            Length += length;
        }
    }

    /// <summary>A stretch of the form.</summary>
    /// <param name="Start">Where it begins in the form.</param>
    /// <param name="Length">Octets.</param>
    /// <param name="Offset">Where they are in the message.</param>
    /// <param name="Made">The octets when they are not in the message.</param>
    private readonly record struct Piece(long Start, long Length, long Offset, ReadOnlyMemory<byte>? Made);

    private sealed class PiecedContent(AsciiForm form, MessageContent inner) : MessageContent
    {
        public override long Length => form.Length;

        public override Stream OpenRead() => new PiecedStream(form, inner.OpenRead());
    }

    private sealed class PiecedStream(AsciiForm form, Stream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => false;

        public override long Length => form.Length;

        public override long Position { get; set; }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            if (Next(buffer.Length) is not { } next)
            {
                return 0;
            }

            if (next.Made is { } made)
            {
                made.Span.CopyTo(buffer);
            }

            var read = next.Made?.Length ?? inner.Read(buffer[..next.Count]);
            Position += read;
            return read;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Next(buffer.Length) is not { } next)
            {
                return 0;
            }

            next.Made?.CopyTo(buffer);
            var read = next.Made?.Length ?? await inner.ReadAsync(buffer[..next.Count], cancellationToken);
            Position += read;
            return read;
        }

        public override long Seek(long offset, SeekOrigin origin) =>
            Position = offset + origin switch { SeekOrigin.Begin => 0, SeekOrigin.Current => Position, _ => Length };

        public override void Flush()
        {
        }

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
            }

            base.Dispose(disposing);
        }

        /// <summary>What can be read at the position without crossing a seam: made octets, or so many of the message, which then stands there. Null at the end.</summary>
        private (ReadOnlyMemory<byte>? Made, int Count)? Next(int most)
        {
            if (most == 0 || Position >= Length)
            {
                return null;
            }

            var piece = form._pieces.FindLast(p => p.Start <= Position);
            var into = Position - piece.Start;
            var count = (int)Math.Min(most, piece.Length - into);
            if (piece.Made is { } made)
            {
                return (made.Slice((int)into, count), count);
            }

            inner.Position = piece.Offset + into;
            return (null, count);
        }
    }
}
