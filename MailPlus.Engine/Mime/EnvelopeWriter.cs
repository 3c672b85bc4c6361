using MimeKit;

namespace MailPlus.Engine.Mime;

/// <summary>Writes ENVELOPE values (RFC 3501 7.4.2) from header fields.</summary>
internal static class EnvelopeWriter
{
    public static void Write(ByteBuilder output, SummaryFields fields, AddressList scratch)
    {
        output.Append((byte)'(');
        HeaderText.WriteField(output, fields[HeaderId.Date]);
        output.Append((byte)' ');
        HeaderText.WriteField(output, fields[HeaderId.Subject]);

        // Sender and Reply-To fall back to From when they are absent or empty.
        var from = WriteAddresses(output, fields[HeaderId.From], scratch, null);
        WriteAddresses(output, fields[HeaderId.Sender], scratch, from);
        WriteAddresses(output, fields[HeaderId.ReplyTo], scratch, from);
        WriteAddresses(output, fields[HeaderId.To], scratch, null);
        WriteAddresses(output, fields[HeaderId.Cc], scratch, null);
        WriteAddresses(output, fields[HeaderId.Bcc], scratch, null);
        output.Append((byte)' ');
        HeaderText.WriteField(output, fields[HeaderId.InReplyTo]);
        output.Append((byte)' ');
        HeaderText.WriteField(output, fields[HeaderId.MessageId]);
        output.Append((byte)')');
    }

    private static (int Start, int Length) WriteAddresses(ByteBuilder output, byte[]? raw, AddressList scratch, (int Start, int Length)? fallback)
    {
        output.Append((byte)' ');
        var start = output.Length;
        if (raw is not null)
        {
            scratch.Read(HeaderText.Unfold(raw));
        }

        if (fallback is { } from && (raw is null || scratch.Entries.Count == 0))
        {
            output.Append(output.Slice(from.Start, from.Length).ToArray());
        }
        else if (raw is null)
        {
            output.Append("NIL"u8);
        }
        else
        {
            scratch.Write(output);
        }

        return (start, output.Length - start);
    }
}
