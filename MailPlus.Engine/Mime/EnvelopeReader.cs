using System.Text;

namespace MailPlus.Engine.Mime;

/// <summary>An address of a ready ENVELOPE.</summary>
/// <param name="Name">Display name, decoded; "" for none.</param>
/// <param name="Mailbox">Local part, or the name of a group; "" for none.</param>
/// <param name="Host">Domain; "" for the start or end of a group.</param>
internal readonly record struct EnvelopeAddress(string Name, string Mailbox, string Host);

/// <summary>Reads values back from a ready ENVELOPE (<see cref="EnvelopeWriter"/>): quoted strings, NIL and parentheses only.</summary>
internal static class EnvelopeReader
{
    /// <summary>Position of the field in an envelope.</summary>
    public enum Field
    {
        Date,
        Subject,
        From,
        Sender,
        ReplyTo,
        To,
        Cc,
        Bcc,
        InReplyTo,
        MessageId,
    }

    /// <summary>The first address of a field of addresses, null when the field is NIL.</summary>
    public static EnvelopeAddress? FirstAddress(ReadOnlySpan<byte> envelope, Field field)
    {
        var at = Find(envelope, field);
        if (at < 0 || at + 1 >= envelope.Length || envelope[at] != '(' || envelope[at + 1] != '(')
        {
            return null;
        }

        at += 2;
        var name = Text(envelope, ref at);
        Text(envelope, ref at);
        var mailbox = Text(envelope, ref at);
        var host = Text(envelope, ref at);
        return new EnvelopeAddress(HeaderText.Decode(name, null, 1000), Encoding.ASCII.GetString(mailbox), Encoding.ASCII.GetString(host));
    }

    private static int Find(ReadOnlySpan<byte> envelope, Field field)
    {
        var at = 1;
        for (var skipped = 0; skipped < (int)field; skipped++)
        {
            at = Skip(envelope, at);
            if (at < 0 || at >= envelope.Length || envelope[at] != ' ')
            {
                return -1;
            }

            at++;
        }

        return at < envelope.Length ? at : -1;
    }

    /// <summary>The position after the value that begins here, -1 when it never ends.</summary>
    private static int Skip(ReadOnlySpan<byte> text, int at)
    {
        var depth = 0;
        while (at < text.Length)
        {
            switch (text[at])
            {
                case (byte)'"':
                    at = SkipQuoted(text, at);
                    break;
                case (byte)'(':
                    depth++;
                    at++;
                    break;
                case (byte)')':
                    depth--;
                    at++;
                    break;
                case (byte)'N':
                    at += 3;
                    break;
                default:
                    at++;
                    break;
            }

            if (depth == 0)
            {
                return at;
            }
        }

        return -1;
    }

    private static int SkipQuoted(ReadOnlySpan<byte> text, int at)
    {
        for (at++; at < text.Length && text[at] != '"'; at++)
        {
            at += text[at] == '\\' ? 1 : 0;
        }

        return at + 1;
    }

    /// <summary>Reads a string or NIL and the space after it.</summary>
    private static byte[] Text(ReadOnlySpan<byte> text, ref int at)
    {
        if (at >= text.Length || text[at] != '"')
        {
            at = Math.Min(text.Length, at + 4);
            return [];
        }

        var end = Math.Min(text.Length, SkipQuoted(text, at));
        var quoted = text[(at + 1)..Math.Max(at + 1, end - 1)];
        at = Math.Min(text.Length, end + 1);
        if (!quoted.Contains((byte)'\\'))
        {
            return quoted.ToArray();
        }

        var plain = new ByteBuilder(quoted.Length);
        for (var i = 0; i < quoted.Length; i++)
        {
            i += quoted[i] == '\\' && i + 1 < quoted.Length ? 1 : 0;
            plain.Append(quoted[i]);
        }

        return plain.ToArray();
    }
}
