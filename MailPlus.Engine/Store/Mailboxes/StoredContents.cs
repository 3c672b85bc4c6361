using System.Runtime.InteropServices;
using MailPlus.Engine.Store.Contract;
using Microsoft.Win32.SafeHandles;

namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>A stored message in memory.</summary>
internal sealed class InlineContent(ReadOnlyMemory<byte> octets, int prefixLength, int headerLength) : StoredContent
{
    public override long Length => octets.Length;

    public override int PrefixLength => prefixLength;

    public override int HeaderLength => headerLength;

    public override ReadOnlyMemory<byte>? InMemory => octets;

    public override Stream OpenRead() =>
        MemoryMarshal.TryGetArray(octets, out var segment)
            ? new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false)
            : new MemoryStream(octets.ToArray(), writable: false);
}

/// <summary>A stored message whose body is a file, held open so that it outlives its name.</summary>
internal sealed class FileContent(byte[] prefix, SafeFileHandle file, long length, int headerLength) : StoredContent
{
    public override long Length => length;

    public override int PrefixLength => prefix.Length;

    public override int HeaderLength => headerLength;

    public override Stream OpenRead() => new JoinedStream(prefix, file, length);

    /// <summary>Closes the file.</summary>
    public void Close() => file.Dispose();

    public override ValueTask DisposeAsync()
    {
        Close();
        return base.DisposeAsync();
    }
}

/// <summary>Octets in memory followed by a file, as one seekable stream. The file belongs to somebody else.</summary>
internal sealed class JoinedStream(byte[] prefix, SafeFileHandle file, long length) : Stream
{
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position
    {
        get => _position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _position = value;
        }
    }

    public override int Read(Span<byte> buffer)
    {
        if (_position < prefix.Length)
        {
            return FromPrefix(buffer);
        }

        var read = RandomAccess.Read(file, buffer, _position - prefix.Length);
        _position += read;
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_position < prefix.Length)
        {
            return FromPrefix(buffer.Span);
        }

        var read = await RandomAccess.ReadAsync(file, buffer, _position - prefix.Length, cancellationToken);
        _position += read;
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin)
    {
        Position = origin switch
        {
            SeekOrigin.Begin => offset,
            SeekOrigin.Current => _position + offset,
            _ => length + offset,
        };
        return _position;
    }

    public override void Flush()
    {
        // Nothing is ever written.
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private int FromPrefix(Span<byte> buffer)
    {
        var rest = prefix.AsSpan((int)_position);
        var count = Math.Min(rest.Length, buffer.Length);
        rest[..count].CopyTo(buffer);
        _position += count;
        return count;
    }
}
