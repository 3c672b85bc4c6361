using System.Buffers.Text;

namespace MailPlus.Engine.Mime;

/// <summary>A growing run of octets for building protocol text without strings.</summary>
internal sealed class ByteBuilder(int capacity = 256)
{
    private byte[] _octets = new byte[capacity];

    /// <summary>Strings of header fields may stand in it as UTF-8 (RFC 6855 3).</summary>
    public bool TakesUtf8 { get; init; }

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _octets.AsSpan(0, Length);

    public ReadOnlySpan<byte> Slice(int start, int length) => _octets.AsSpan(start, length);

    public void Clear() => Length = 0;

    /// <summary>Forgets what was written from a position on.</summary>
    public void Truncate(int length) => Length = Math.Min(Length, length);

    public void Append(byte octet)
    {
        Reserve(1);
        _octets[Length++] = octet;
    }

    public void Append(ReadOnlySpan<byte> octets)
    {
        Reserve(octets.Length);
        octets.CopyTo(_octets.AsSpan(Length));
        Length += octets.Length;
    }

    public void Append(long number)
    {
        Reserve(20);
        Utf8Formatter.TryFormat(number, _octets.AsSpan(Length), out var written);
        Length += written;
    }

    public byte[] ToArray() => Written.ToArray();

    private void Reserve(int count)
    {
        if (Length + count > _octets.Length)
        {
            Array.Resize(ref _octets, Math.Max(Length + count, _octets.Length * 2));
        }
    }
}
