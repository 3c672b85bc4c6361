using System.Text;
using MimeKit;

namespace MailPlus.Engine.Mime;

/// <summary>
/// The one MIME pass: MimeKit's reader calls back with offsets and headers, this keeps the tree of parts (design 2). Whatever is broken ends as the best tree
/// known so far; nothing is thrown.
/// </summary>
internal sealed class StructureReader : MimeReader
{
    /// <summary>Levels of multiparts and messages; deeper ones are shown as plain content.</summary>
    public const int MaxDepth = 40;

    /// <summary>Parts kept; further ones are passed over.</summary>
    public const int MaxParts = 1000;

    /// <summary>Octets of one header field.</summary>
    public const int MaxFieldOctets = 128 * 1024;

    /// <summary>Octets of one header block.</summary>
    public const int MaxHeaderOctets = 4 * 1024 * 1024;

    private static readonly ParserOptions ScanOptions = new() { MaxMimeDepth = MaxDepth };

    private readonly MeteredStream _stream;
    private readonly Stack<(Part Part, bool Kept)> _open = new();
    private SummaryFields _fields = new();
    private Part? _root;
    private long _headersEnd;
    private long _contentRead;
    private int _lineFeeds;
    private int _parts;
    private int _headerBlocks;
    private bool _eightBit;
    private bool _eightBitHeader;
    private bool _eightBitFields;

    private StructureReader(MeteredStream stream)
        : base(ScanOptions, stream, MimeFormat.Entity) => _stream = stream;

    /// <summary>Reads the structure of a message.</summary>
    public static PartTree Read(MessageContent content)
    {
        using var stream = new MeteredStream(content.OpenRead());
        var reader = new StructureReader(stream);
        var complete = true;
        try
        {
            reader.ReadMessage();
        }
        catch (Exception broken) when (broken is FormatException or ScanLimitException or InvalidOperationException or ArgumentException or IndexOutOfRangeException)
        {
            // Not a message by any reading (no header at all), beyond our limits, or a weakness of the parser: what is known so far must do.
            complete = false;
        }

        return reader.Finish(content, complete);
    }

    protected override void OnHeadersBegin(long beginOffset, int beginLineNumber, CancellationToken cancellationToken)
    {
        _fields = new SummaryFields();
        _stream.BeginHeader();
        _headerBlocks++;
    }

    protected override void OnHeaderRead(Header header, int beginLineNumber, CancellationToken cancellationToken)
    {
        _stream.BeginField();
        _fields.Add(header.Id, header.RawValue);
        if (!Ascii.IsValid(header.RawValue) || !Ascii.IsValid(header.RawField))
        {
            _eightBit = _eightBitFields = true;
            _eightBitHeader |= _headerBlocks == 1;
        }
    }

    protected override void OnHeadersEnd(long beginOffset, int beginLineNumber, long endOffset, int endLineNumber, CancellationToken cancellationToken)
    {
        _stream.EndHeader();
        _headersEnd = endOffset;
    }

    protected override void OnMimePartBegin(ContentType contentType, long beginOffset, int beginLineNumber, CancellationToken cancellationToken) =>
        Begin(contentType, beginOffset, PartKind.Leaf);

    protected override void OnMultipartBegin(ContentType contentType, long beginOffset, int beginLineNumber, CancellationToken cancellationToken) =>
        Begin(contentType, beginOffset, PartKind.Multipart);

    protected override void OnMessagePartBegin(ContentType contentType, long beginOffset, int beginLineNumber, CancellationToken cancellationToken) =>
        Begin(contentType, beginOffset, PartKind.Message);

    protected override void OnMimePartContentBegin(long beginOffset, int beginLineNumber, CancellationToken cancellationToken)
    {
        _contentRead = 0;
        _lineFeeds = 0;
    }

    protected override void OnMimePartContentRead(byte[] buffer, int startIndex, int count, CancellationToken cancellationToken)
    {
        var octets = buffer.AsSpan(startIndex, count);
        _contentRead += count;
        _lineFeeds += octets.Count((byte)'\n');
        NoteEightBit(octets);
    }

    protected override void OnMimePartContentEnd(long beginOffset, int beginLineNumber, long endOffset, int lines, NewLineFormat? newLineFormat, CancellationToken cancellationToken)
    {
        // The last line end belongs to the boundary that follows (RFC 2046 5.1.1), and is then not part of the length.
        if (_open.TryPeek(out var top))
        {
            top.Part.Lines = _contentRead > endOffset - beginOffset ? _lineFeeds - 1 : _lineFeeds;
        }
    }

    protected override void OnMultipartPreambleRead(byte[] buffer, int startIndex, int count, CancellationToken cancellationToken) => NoteEightBit(buffer.AsSpan(startIndex, count));

    protected override void OnMultipartEpilogueRead(byte[] buffer, int startIndex, int count, CancellationToken cancellationToken) => NoteEightBit(buffer.AsSpan(startIndex, count));

    protected override void OnMimePartEnd(
        ContentType contentType, long beginOffset, int beginLineNumber, long headersEndOffset, long endOffset, int lines, CancellationToken cancellationToken) => End(endOffset, null);

    protected override void OnMultipartEnd(
        ContentType contentType, long beginOffset, int beginLineNumber, long headersEndOffset, long endOffset, int lines, CancellationToken cancellationToken) => End(endOffset, lines);

    protected override void OnMessagePartEnd(
        ContentType contentType, long beginOffset, int beginLineNumber, long headersEndOffset, long endOffset, int lines, CancellationToken cancellationToken) => End(endOffset, lines);

    private void NoteEightBit(ReadOnlySpan<byte> octets) => _eightBit |= !_eightBit && !Ascii.IsValid(octets);

    private void Begin(ContentType type, long offset, PartKind kind)
    {
        var parent = _open.TryPeek(out var top) ? top.Part : null;
        var kept = (parent is null || top.Kept) && _parts < MaxParts && !(parent is { Kind: PartKind.Message, Children.Count: > 0 });
        var part = new Part
        {
            Kind = kind,
            Type = type.MediaType,
            Subtype = type.MediaSubtype,
            TypeIsAssumed = _fields[HeaderId.ContentType] is null,
            Fields = _fields,
            HeaderStart = offset,
            BodyStart = _headersEnd,
            Parent = parent,
        };
        if (kept)
        {
            _parts++;
            _root ??= part;
            parent?.Add(part);
        }

        _open.Push((part, kept));
    }

    private void End(long endOffset, int? lines)
    {
        if (_open.TryPop(out var top))
        {
            top.Part.BodyEnd = Math.Max(top.Part.BodyStart, endOffset);
            top.Part.Lines = lines ?? top.Part.Lines;
            Settle(top.Part);
        }
    }

    /// <summary>Makes a part what it can be in BODYSTRUCTURE: a multipart has children, a message has one, other message types are content.</summary>
    private static void Settle(Part part)
    {
        if (part.Kind == PartKind.Message && !(part.Is("message", "rfc822") || part.Is("message", "global")))
        {
            part.Kind = PartKind.Leaf;
            part.Forget();
        }
        else if (part.Kind == PartKind.Message && part.Children.Count == 0)
        {
            part.Kind = PartKind.Leaf;
        }
        else if (part.Kind == PartKind.Multipart && part.Children.Count == 0)
        {
            part.Kind = PartKind.Leaf;
        }

        if (part.Kind == PartKind.Leaf && part.Is("multipart"))
        {
            // No boundary, or none found: RFC 2046 5.1.1 leaves it open; people want to see the text.
            (part.Type, part.Subtype, part.TypeIsAssumed) = ("text", "plain", true);
        }
    }

    private PartTree Finish(MessageContent content, bool complete)
    {
        var length = content.Length;
        while (_open.TryPop(out var top))
        {
            top.Part.BodyEnd = Math.Max(top.Part.BodyStart, length);
            Settle(top.Part);
        }

        if (_root is null)
        {
            var (bodyStart, lines, eightBit) = SplitByHand(content);
            _eightBit |= eightBit;
            _root = new Part
            {
                Kind = PartKind.Leaf, Type = "text", Subtype = "plain", TypeIsAssumed = true, Fields = _fields, HeaderStart = 0, BodyStart = bodyStart, BodyEnd = length, Lines = lines,
            };
        }
        else if (!complete)
        {
            _eightBit = true; // unknown beyond the point where reading ended; the cautious answer
        }

        _root.BodyEnd = length;
        return new PartTree(_root, length) { HasEightBit = _eightBit, HasEightBitHeader = _eightBitHeader, HasEightBitFields = _eightBitFields };
    }

    /// <summary>Header block up to the first empty line, the rest is text: for input without any readable header.</summary>
    private static (long BodyStart, int Lines, bool EightBit) SplitByHand(MessageContent content)
    {
        using var stream = content.OpenRead();
        var buffer = new byte[16 * 1024];
        long offset = 0;
        long bodyStart = -1;
        var lines = 0;
        var lineIsEmpty = true;
        var eightBit = false;
        for (int read; (read = stream.Read(buffer)) > 0; offset += read)
        {
            eightBit = eightBit || !Ascii.IsValid(buffer.AsSpan(0, read));
            for (var i = 0; i < read; i++)
            {
                if (bodyStart >= 0)
                {
                    lines += buffer.AsSpan(i, read - i).Count((byte)'\n');
                    break;
                }

                if (buffer[i] == '\n')
                {
                    bodyStart = lineIsEmpty ? offset + i + 1 : -1;
                    lineIsEmpty = true;
                }
                else
                {
                    lineIsEmpty &= buffer[i] == '\r';
                }
            }
        }

        return (bodyStart < 0 ? offset : bodyStart, lines, eightBit);
    }

    private sealed class ScanLimitException(string message) : Exception(message);

    /// <summary>Counts what is read inside a header block, for MimeKit keeps a whole field in memory.</summary>
    private sealed class MeteredStream(Stream inner) : Stream
    {
        private bool _inHeader;
        private int _field;
        private int _block;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => inner.Length;

        public override long Position
        {
            get => inner.Position;
            set => throw new NotSupportedException();
        }

        public void BeginHeader() => (_inHeader, _field, _block) = (true, 0, 0);

        public void BeginField() => _field = 0;

        public void EndHeader() => _inHeader = false;

        public override int Read(byte[] buffer, int offset, int count) => Meter(inner.Read(buffer, offset, count));

        public override int Read(Span<byte> buffer) => Meter(inner.Read(buffer));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

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

        private int Meter(int read)
        {
            if (_inHeader)
            {
                _field += read;
                _block += read;
                if (_field > MaxFieldOctets || _block > MaxHeaderOctets)
                {
                    throw new ScanLimitException("header too large");
                }
            }

            return read;
        }
    }
}
