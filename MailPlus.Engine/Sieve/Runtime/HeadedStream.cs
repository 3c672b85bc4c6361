namespace MailPlus.Engine.Sieve.Runtime;

/// <summary>Octets of a header from memory and behind them what another stream holds from a position on. Seekable.</summary>
internal sealed class HeadedStream(byte[] head, Stream body, long bodyStart) : Stream
{
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => head.Length + body.Length - bodyStart;

    public override long Position
    {
        get => _position;
        set => Seek(value, SeekOrigin.Begin);
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        var read = FromHead(buffer);
        read = read > 0 ? read : body.Read(buffer);
        _position += read;
        return read;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = FromHead(buffer.Span);
        read = read > 0 ? read : await body.ReadAsync(buffer, cancellationToken);
        _position += read;
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin)
    {
        _position = Math.Max(0, origin switch { SeekOrigin.Begin => offset, SeekOrigin.Current => _position + offset, _ => Length + offset });
        body.Position = bodyStart + Math.Max(0, _position - head.Length);
        return _position;
    }

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            body.Dispose();
        }

        base.Dispose(disposing);
    }

    private int FromHead(Span<byte> buffer)
    {
        if (_position >= head.Length)
        {
            return 0;
        }

        var part = head.AsSpan((int)_position, Math.Min(buffer.Length, head.Length - (int)_position));
        part.CopyTo(buffer);
        return part.Length;
    }
}
