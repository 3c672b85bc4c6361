using System.Buffers;

namespace MailPlus.Engine.Smtp.Wire;

/// <summary>
/// Reads what follows DATA: takes the doubled dots away and finds the end, which is CRLF.CRLF and nothing else (RFC 5321 4.1.1.4). A bare CR or LF never ends a line
/// and is remembered as a fault, so that no other reading of line ends finds a second message here (smuggling). Pure; one per message.
/// </summary>
public struct DotUnstuffer
{
    private State _state;

    /// <summary>Starts at the beginning of a line.</summary>
    public DotUnstuffer()
    {
        _state = State.LineStart;
    }

    private enum State
    {
        LineStart,
        Inside,
        CarriageReturn,
        Dot,
        DotCarriageReturn,
    }

    /// <summary>True once a CR or LF stood alone.</summary>
    public bool HasBareLineEnd { get; private set; }

    /// <summary>True once the end came.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Reads on. Stops right after the end: what follows are commands.</summary>
    /// <param name="input">The next octets.</param>
    /// <param name="output">Takes the message's octets.</param>
    /// <returns>How many octets were read.</returns>
    public int Read(ReadOnlySpan<byte> input, IBufferWriter<byte> output)
    {
        var begin = 0; // of the run that has not been written yet
        var i = 0;
        while (i < input.Length)
        {
            var octet = input[i];
            switch (_state)
            {
                case State.LineStart when octet == (byte)'.':
                    output.Write(input[begin..i]);
                    begin = ++i; // the dot is not the message's: either stuffed or the end
                    _state = State.Dot;
                    continue;
                case State.Dot when octet == (byte)'\r':
                    // Perhaps the end: these two octets wait until it is sure.
                    output.Write(input[begin..i]);
                    begin = ++i;
                    _state = State.DotCarriageReturn;
                    continue;
                case State.DotCarriageReturn when octet == (byte)'\n':
                    IsDone = true;
                    return i + 1;
                case State.DotCarriageReturn:
                    // A dot and a CR alone: content, and faulty at that.
                    HasBareLineEnd = true;
                    output.Write("\r"u8);
                    _state = State.Inside;
                    continue;
                case State.CarriageReturn when octet == (byte)'\n':
                    i++;
                    _state = State.LineStart;
                    continue;
                case State.CarriageReturn:
                    HasBareLineEnd = true;
                    _state = State.Inside;
                    continue;
            }

            var end = input[i..].IndexOfAny((byte)'\r', (byte)'\n');
            if (end < 0)
            {
                _state = State.Inside;
                break;
            }

            i += end;
            if (input[i] == (byte)'\n')
            {
                HasBareLineEnd = true;
                _state = State.Inside;
            }
            else
            {
                _state = State.CarriageReturn;
            }

            i++;
        }

        output.Write(input[begin..]);
        return input.Length;
    }
}
