using System.Buffers;

namespace MailPlus.Engine.Smtp.Client;

/// <summary>
/// Turns message octets into what follows DATA: every line ends with CRLF, a leading dot is doubled (RFC 5321 4.5.2), and a bare CR or LF becomes a line end,
/// so that no other reading of line ends can find a second message inside (smuggling).
/// </summary>
internal sealed class DotStuffing
{
    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\r\n"u8);

    private bool _lineStart = true;
    private bool _carriageReturn;

    /// <summary>Writes a piece of the message.</summary>
    public void Write(ReadOnlySpan<byte> octets, IBufferWriter<byte> output)
    {
        while (!octets.IsEmpty)
        {
            if (_carriageReturn)
            {
                EndLine(output);
                _carriageReturn = false;
                if (octets[0] == '\n')
                {
                    octets = octets[1..];
                }

                continue;
            }

            if (_lineStart && octets[0] == '.')
            {
                output.Write("."u8);
            }

            var end = octets.IndexOfAny(LineEnds);
            if (end < 0)
            {
                output.Write(octets);
                _lineStart = false;
                return;
            }

            output.Write(octets[..end]);
            if (octets[end] == '\r')
            {
                _carriageReturn = true;
            }
            else
            {
                EndLine(output);
            }

            octets = octets[(end + 1)..];
        }
    }

    /// <summary>Writes the end of data.</summary>
    public void End(IBufferWriter<byte> output)
    {
        if (_carriageReturn || !_lineStart)
        {
            EndLine(output);
        }

        output.Write(".\r\n"u8);
    }

    private void EndLine(IBufferWriter<byte> output)
    {
        output.Write("\r\n"u8);
        _lineStart = true;
    }
}
