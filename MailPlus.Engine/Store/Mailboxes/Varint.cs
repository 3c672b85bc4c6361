namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>Writes unsigned numbers in groups of seven bits, low group first, into a growing array.</summary>
internal struct VarintWriter(int capacity)
{
    private byte[] _octets = new byte[capacity];
    private int _length;

    public readonly ReadOnlySpan<byte> Written => _octets.AsSpan(0, _length);

    public void Add(ulong value)
    {
        if (_octets.Length - _length < 10)
        {
            Array.Resize(ref _octets, Math.Max(_octets.Length * 2, 32));
        }

        while (value >= 0x80)
        {
            _octets[_length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _octets[_length++] = (byte)value;
    }

    /// <summary>A signed number with its sign in the lowest bit, so that small negative ones stay short.</summary>
    public void AddSigned(long value) => Add((ulong)((value << 1) ^ (value >> 63)));
}

/// <summary>Reads what <see cref="VarintWriter"/> wrote; a broken input throws <see cref="InvalidDataException"/>.</summary>
internal ref struct VarintReader(ReadOnlySpan<byte> octets)
{
    private readonly ReadOnlySpan<byte> _octets = octets;
    private int _position;

    public readonly int Position => _position;

    public ulong Next()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64 && _position < _octets.Length; shift += 7)
        {
            var octet = _octets[_position++];
            value |= (ulong)(octet & 0x7f) << shift;
            if (octet < 0x80)
            {
                return value;
            }
        }

        throw new InvalidDataException("A packed row ends in the middle.");
    }

    public long NextSigned()
    {
        var value = Next();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }
}
