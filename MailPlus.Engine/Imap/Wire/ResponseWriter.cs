using System.Buffers.Text;
using System.IO.Pipelines;
using System.Text;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Imap.Wire;

/// <summary>
/// Writes responses straight into the connection's buffers. Nothing is sent before <see cref="FlushAsync"/> or, in long answers, <see cref="FlushIfFullAsync"/>,
/// which waits while the peer does not read.
/// </summary>
internal sealed class ResponseWriter(PipeWriter output)
{
    private const int FlushOctets = 32 * 1024;
    private const int ChunkOctets = 4096;

    private Memory<byte> _chunk;
    private int _used;
    private int _unflushed;

    /// <summary>A literal was begun whose octets are not all written: nothing else may be said.</summary>
    public bool IsInsideLiteral { get; private set; }

    /// <summary>Mailbox names are written as UTF-8 (RFC 9051 5.1, RFC 6855 3).</summary>
    public bool HasUtf8Names { get; set; }

    /// <summary>Texts for people may be UTF-8 (RFC 5255 3.2).</summary>
    public bool HasUtf8Texts { get; set; }

    /// <summary>Octets written since the last flush.</summary>
    public int Unflushed => _unflushed + _used;

    public void Write(ReadOnlySpan<byte> octets)
    {
        while (!octets.IsEmpty)
        {
            var part = Math.Min(octets.Length, Room(1).Length);
            octets[..part].CopyTo(_chunk.Span[_used..]);
            _used += part;
            octets = octets[part..];
        }
    }

    public void Write(byte octet)
    {
        Room(1)[0] = octet;
        _used++;
    }

    public void Write(long number)
    {
        Utf8Formatter.TryFormat(number, Room(20), out var written);
        _used += written;
    }

    public void Write(string ascii)
    {
        var room = Room(ascii.Length);
        Ascii.FromUtf16(ascii, room, out var written);
        if (written == ascii.Length)
        {
            _used += written;
        }
        else
        {
            // Response texts may quote a tag or name; anything but ASCII is shown as '?'.
            foreach (var c in ascii)
            {
                Write(c is >= ' ' and <= '~' ? (byte)c : (byte)'?');
            }
        }
    }

    /// <summary>Text for people, which may quote what a client sent: whatever is not printable ASCII is shown as '?', so that no client can write a line of ours (RFC 3501 9, text).</summary>
    public void Text(string text)
    {
        if (HasUtf8Texts && !Ascii.IsValid(text))
        {
            Span<byte> octets = stackalloc byte[4];
            foreach (var rune in text.EnumerateRunes())
            {
                Write(Rune.IsControl(rune) ? "?"u8 : octets[..rune.EncodeToUtf8(octets)]);
            }

            return;
        }

        foreach (var c in text)
        {
            Write(c is >= ' ' and <= '~' ? (byte)c : (byte)'?');
        }
    }

    public void Line() => Write("\r\n"u8);

    /// <summary>The head of a literal; its octets must follow.</summary>
    public void LiteralMark(long length)
    {
        Write((byte)'{');
        Write(length);
        Write("}\r\n"u8);
    }

    /// <summary>A string: quoted where it can be, else a literal (RFC 3501 4.3).</summary>
    public void String(ReadOnlySpan<byte> octets)
    {
        if (octets.Length <= 512 && octets.IndexOfAny((byte)'"', (byte)'\\') < 0 && octets.IndexOfAnyExceptInRange((byte)0x20, (byte)0x7e) < 0)
        {
            Write((byte)'"');
            Write(octets);
            Write((byte)'"');
        }
        else
        {
            LiteralMark(octets.Length);
            Write(octets);
        }
    }

    /// <summary>Any octets: as a string, or as a literal8 where they hold NUL (RFC 3516 4.2).</summary>
    public void Binary(ReadOnlySpan<byte> octets)
    {
        if (octets.Contains((byte)0))
        {
            Write((byte)'~');
        }

        String(octets);
    }

    /// <summary>An atom where it can be one, else a string.</summary>
    public void AString(string ascii)
    {
        var octets = Encoding.ASCII.GetBytes(ascii);
        if (octets.Length > 0 && Array.TrueForAll(octets, ArgumentReader.IsAtomChar))
        {
            Write(octets);
        }
        else
        {
            String(octets);
        }
    }

    /// <summary>A mailbox name, quoted: in modified UTF-7, or as it is where the client has enabled that.</summary>
    public void Mailbox(string name)
    {
        if (HasUtf8Names)
        {
            Write((byte)'"');
            Write(Encoding.UTF8.GetBytes(name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)));
            Write((byte)'"');
            return;
        }

        Write((byte)'"');
        foreach (var c in ModifiedUtf7.Encode(name))
        {
            if (c is '"' or '\\')
            {
                Write((byte)'\\');
            }

            Write((byte)c);
        }

        Write((byte)'"');
    }

    /// <summary>A number set such as <c>1:4,7</c>.</summary>
    public void Set(IEnumerable<(uint First, uint Last)> ranges)
    {
        var isFirst = true;
        foreach (var (first, last) in ranges)
        {
            if (!isFirst)
            {
                Write((byte)',');
            }

            isFirst = false;
            Write(first);
            if (last != first)
            {
                Write((byte)':');
                Write(last);
            }
        }
    }

    public void Set(UidSet uids) => Set(uids.Ranges);

    /// <summary>Sends what is there when it is much.</summary>
    public ValueTask FlushIfFullAsync(CancellationToken cancellationToken) => Unflushed >= FlushOctets ? FlushAsync(cancellationToken) : ValueTask.CompletedTask;

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        Hand();
        if (_unflushed > 0)
        {
            _unflushed = 0;
            await output.FlushAsync(cancellationToken);
        }
    }

    /// <summary>Octets of a message, piece by piece, waiting for the peer in between.</summary>
    public async ValueTask CopyAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        IsInsideLiteral = true;
        while (octets.Length > 0)
        {
            var part = Math.Min(octets.Length, FlushOctets);
            Write(octets.Span[..part]);
            octets = octets[part..];
            await FlushIfFullAsync(cancellationToken);
        }

        IsInsideLiteral = false;
    }

    /// <summary>So many octets of a stream.</summary>
    /// <exception cref="EndOfStreamException">There are fewer.</exception>
    public async ValueTask CopyAsync(Stream stream, long length, CancellationToken cancellationToken)
    {
        Hand();
        IsInsideLiteral = true;
        while (length > 0)
        {
            var memory = output.GetMemory(FlushOctets);
            var read = await stream.ReadAsync(memory[..(int)Math.Min(memory.Length, length)], cancellationToken);
            if (read == 0)
            {
                throw new EndOfStreamException("a stored message is shorter than its size");
            }

            output.Advance(read);
            length -= read;
            _unflushed = 0;
            await output.FlushAsync(cancellationToken);
        }

        IsInsideLiteral = false;
    }

    private Span<byte> Room(int size)
    {
        if (_chunk.Length - _used < size)
        {
            Hand();
            _chunk = output.GetMemory(Math.Max(size, ChunkOctets));
        }

        return _chunk.Span[_used..];
    }

    private void Hand()
    {
        if (_used > 0)
        {
            output.Advance(_used);
            _unflushed += _used;
            _used = 0;
        }

        _chunk = default;
    }
}
