namespace MailPlus.Engine.Mime;

/// <summary>Passes octets on without the spaces and tabs that stand at the end of lines.</summary>
internal sealed class TrailingSpace(BinaryForm.Sink sink)
{
    /// <summary>More of it in one run is no mishap of transport and is passed on.</summary>
    private const int Longest = 4096;

    private readonly ByteBuilder _held = new(16);

    public ValueTask<bool> WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        var kept = new ByteBuilder(octets.Length + _held.Length + 1);
        foreach (var octet in octets.Span)
        {
            if (octet is (byte)' ' or (byte)'\t' && _held.Length < Longest)
            {
                _held.Append(octet);
                continue;
            }

            if (octet is not ((byte)'\r' or (byte)'\n'))
            {
                kept.Append(_held.Written);
            }

            _held.Clear();
            kept.Append(octet);
        }

        return sink(kept.ToArray(), cancellationToken);
    }
}
