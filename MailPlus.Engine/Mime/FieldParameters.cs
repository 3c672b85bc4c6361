namespace MailPlus.Engine.Mime;

/// <summary>Reads <c>value; name=value; name="value"</c> (RFC 2045 5.1) as received: RFC 2231 names keep their marks, for clients decode them.</summary>
internal static class FieldParameters
{
    private const int MaxParameters = 100;

    /// <summary>The word before the first parameter.</summary>
    public static ReadOnlySpan<byte> Value(ReadOnlySpan<byte> unfolded)
    {
        var end = unfolded.IndexOfAny((byte)';', (byte)'(');
        return HeaderText.Trim(end < 0 ? unfolded : unfolded[..end]);
    }

    /// <summary>Writes the parameters as an IMAP list of strings, NIL when there is none.</summary>
    public static void Write(ByteBuilder output, ReadOnlySpan<byte> unfolded)
    {
        var i = unfolded.IndexOf((byte)';');
        var count = 0;
        var scratch = new ByteBuilder(64);
        while (i >= 0 && i < unfolded.Length && count < MaxParameters)
        {
            i = SkipSpace(unfolded, i + 1);
            var rest = unfolded[i..];
            var nameEnd = rest.IndexOfAny((byte)'=', (byte)';');
            if (nameEnd < 0)
            {
                break;
            }

            var name = HeaderText.Trim(rest[..nameEnd]);
            i += nameEnd;
            if (unfolded[i] == ';')
            {
                continue;
            }

            i = ReadValue(unfolded, SkipSpace(unfolded, i + 1), scratch);
            if (name.IsEmpty)
            {
                continue;
            }

            output.Append(count++ == 0 ? "("u8 : " "u8);
            HeaderText.WriteString(output, name);
            output.Append((byte)' ');
            HeaderText.WriteString(output, scratch.Written);
        }

        output.Append(count == 0 ? "NIL"u8 : ")"u8);
    }

    /// <returns>Position of the next semicolon or the end.</returns>
    private static int ReadValue(ReadOnlySpan<byte> text, int i, ByteBuilder value)
    {
        value.Clear();
        if (i < text.Length && text[i] == '"')
        {
            for (i++; i < text.Length && text[i] != '"'; i++)
            {
                // A backslash before anything but a quote or itself is a path of a broken mailer, not an escape.
                if (text[i] == '\\' && i + 1 < text.Length && text[i + 1] is (byte)'"' or (byte)'\\')
                {
                    i++;
                }

                value.Append(text[Math.Min(i, text.Length - 1)]);
            }
        }
        else
        {
            var end = text[i..].IndexOfAny((byte)';', (byte)'(');
            value.Append(HeaderText.Trim(end < 0 ? text[i..] : text.Slice(i, end)));
        }

        var next = i < text.Length ? text[i..].IndexOf((byte)';') : -1;
        return next < 0 ? text.Length : i + next;
    }

    private static int SkipSpace(ReadOnlySpan<byte> text, int i)
    {
        while (i < text.Length && text[i] is (byte)' ' or (byte)'\t')
        {
            i++;
        }

        return Math.Min(i, text.Length);
    }
}
