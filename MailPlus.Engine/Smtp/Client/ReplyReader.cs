using System.Text;

namespace MailPlus.Engine.Smtp.Client;

/// <summary>Reads replies off a stream; lines and their number are capped, whatever the peer sends.</summary>
internal sealed class ReplyReader(Stream stream)
{
    private const int LongestLine = 2048; // RFC 5321 4.5.3.1.5 says 512; real servers write more
    private const int MostLines = 100;

    private readonly byte[] _buffer = new byte[4096];
    private int _start;
    private int _end;

    /// <summary>Octets read but not yet used: something followed what should have been the last reply.</summary>
    public bool HasLeftover => _end > _start;

    /// <summary>Reads one reply, all its lines.</summary>
    /// <exception cref="SmtpClientException">Closed, or no reply of SMTP.</exception>
    public async ValueTask<SmtpReply> ReadAsync(CancellationToken cancellationToken)
    {
        var lines = new List<string>(1);
        var code = 0;
        while (true)
        {
            var line = await ReadLineAsync(cancellationToken);
            if (line.Length < 3 || line[0] is < '2' or > '5' || !char.IsAsciiDigit(line[1]) || !char.IsAsciiDigit(line[2]) || (line.Length > 3 && line[3] is not (' ' or '-')))
            {
                throw new SmtpClientException(SmtpClientFailure.Protocol, $"not an SMTP reply: \"{(line.Length > 80 ? line[..80] : line)}\"");
            }

            var number = ((line[0] - '0') * 100) + ((line[1] - '0') * 10) + (line[2] - '0');
            if (code != 0 && number != code)
            {
                throw new SmtpClientException(SmtpClientFailure.Protocol, "reply code changed within a reply");
            }

            code = number;
            lines.Add(line.Length > 4 ? line[4..] : "");
            if (line.Length <= 3 || line[3] == ' ')
            {
                return new SmtpReply(code, lines);
            }

            if (lines.Count == MostLines)
            {
                throw new SmtpClientException(SmtpClientFailure.Protocol, "reply has too many lines");
            }
        }
    }

    private async ValueTask<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var end = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            if (end >= 0)
            {
                var line = Printable(_buffer.AsSpan(_start, end));
                _start += end + 1;
                return line;
            }

            if (_end - _start >= LongestLine)
            {
                throw new SmtpClientException(SmtpClientFailure.Protocol, "reply line is too long");
            }

            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (read == 0)
            {
                throw new SmtpClientException(SmtpClientFailure.Protocol, "connection closed by peer");
            }

            _end += read;
        }
    }

    private static string Printable(ReadOnlySpan<byte> octets)
    {
        var text = Encoding.UTF8.GetString(octets.TrimEnd((byte)'\r'));
        return text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)) : text;
    }
}
