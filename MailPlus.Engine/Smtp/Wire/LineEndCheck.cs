namespace MailPlus.Engine.Smtp.Wire;

/// <summary>Finds a CR or LF that stands alone, over pieces. Pure; one per message.</summary>
public sealed class LineEndCheck
{
    private bool _carriageReturn;

    /// <summary>True once one was found, or after <see cref="Finish"/> when the last octet was CR.</summary>
    public bool HasBareLineEnd { get; private set; }

    /// <summary>Looks at the next piece.</summary>
    public void Read(ReadOnlySpan<byte> octets)
    {
        while (!octets.IsEmpty && !HasBareLineEnd)
        {
            if (_carriageReturn)
            {
                _carriageReturn = false;
                HasBareLineEnd = octets[0] != (byte)'\n';
                octets = octets[1..];
                continue;
            }

            var at = octets.IndexOfAny((byte)'\r', (byte)'\n');
            if (at < 0)
            {
                return;
            }

            _carriageReturn = octets[at] == (byte)'\r';
            HasBareLineEnd = !_carriageReturn;
            octets = octets[(at + 1)..];
        }
    }

    /// <summary>Nothing more comes.</summary>
    public void Finish() => HasBareLineEnd |= _carriageReturn;
}
