using System.Buffers;
using System.Globalization;
using System.Text;

namespace MailPlus.Engine.Smtp.Wire;

/// <summary>A reply: code, enhanced code (RFC 2034, RFC 3463) and text lines; its octets are made once, so a constant reply costs nothing.</summary>
public sealed class SmtpReply
{
    private const int LongestText = 480; // RFC 5321 4.5.3.1.5: 512 octets a line

    private readonly byte[] _octets;

    /// <summary>A reply of one or more lines. Text is made safe for the wire: printable ASCII, within the length of a line.</summary>
    /// <param name="code">Three digits.</param>
    /// <param name="enhanced">"2.1.0", or null where there is none (greeting, EHLO, 354, 334).</param>
    /// <param name="lines">At least one text.</param>
    public SmtpReply(int code, string? enhanced, params IReadOnlyList<string> lines)
    {
        Code = code;
        Enhanced = enhanced;
        Text = Safe(lines[^1]);
        var text = new StringBuilder();
        for (var i = 0; i < lines.Count; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{code}{(i == lines.Count - 1 ? ' ' : '-')}");
            if (enhanced is not null)
            {
                text.Append(enhanced).Append(' ');
            }

            text.Append(Safe(lines[i])).Append("\r\n");
        }

        _octets = Encoding.ASCII.GetBytes(text.ToString());
    }

    /// <summary>Reply code.</summary>
    public int Code { get; }

    /// <summary>Enhanced status code, null where there is none.</summary>
    public string? Enhanced { get; }

    /// <summary>Text of the last line.</summary>
    public string Text { get; }

    /// <summary>The connection ends after this reply.</summary>
    public bool Closes { get; init; }

    /// <summary>4xx or 5xx.</summary>
    public bool IsNegative => Code >= 400;

    /// <summary>Puts the reply into the output; flushing is the session's.</summary>
    public void WriteTo(IBufferWriter<byte> output) => output.Write(_octets);

    /// <inheritdoc/>
    public override string ToString() => Enhanced is null ? $"{Code} {Text}" : $"{Code} {Enhanced} {Text}";

    private static string Safe(string text)
    {
        var cut = text.Length > LongestText ? text[..LongestText] : text;
        return cut.All(c => c is >= ' ' and <= '~') ? cut : string.Create(cut.Length, cut, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = source[i] is >= ' ' and <= '~' ? source[i] : '?';
            }
        });
    }
}
