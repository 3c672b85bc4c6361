using System.Text;
using MimeKit;

namespace MailPlus.Engine.Mime;

/// <summary>Writes BODY and BODYSTRUCTURE values (RFC 3501 7.4.2) from a tree of parts.</summary>
internal sealed class BodyStructureWriter(ByteBuilder output, AddressList scratch, bool extended)
{
    private const int MaxLanguages = 20;

    /// <summary>What is told of a part that is handed out without its transfer encoding (RFC 5524 3), null for parts as they are stored.</summary>
    public (string Encoding, long Size, int Lines)? Decoded { get; init; }

    public void Write(Part part)
    {
        output.Append((byte)'(');
        if (part.Kind == PartKind.Multipart)
        {
            WriteMultipart(part);
        }
        else
        {
            WriteSingle(part);
        }

        output.Append((byte)')');
    }

    private void WriteMultipart(Part part)
    {
        foreach (var child in part.Children)
        {
            Write(child);
        }

        output.Append((byte)' ');
        WriteText(part.Subtype);
        if (extended)
        {
            output.Append((byte)' ');
            FieldParameters.Write(output, HeaderText.Unfold(part.Fields[HeaderId.ContentType]));
            WriteCommonExtension(part);
        }
    }

    private void WriteSingle(Part part)
    {
        WriteText(part.Type);
        output.Append((byte)' ');
        WriteText(part.Subtype);
        output.Append((byte)' ');
        if (part.TypeIsAssumed)
        {
            // RFC 2045 5.2: what is not declared is plain US-ASCII text.
            output.Append(part.Is("text", "plain") ? "(\"charset\" \"us-ascii\")"u8 : "NIL"u8);
        }
        else
        {
            FieldParameters.Write(output, HeaderText.Unfold(part.Fields[HeaderId.ContentType]));
        }

        output.Append((byte)' ');
        HeaderText.WriteField(output, part.Fields[HeaderId.ContentId]);
        output.Append((byte)' ');
        HeaderText.WriteField(output, part.Fields[HeaderId.ContentDescription]);
        output.Append((byte)' ');
        WriteText(Decoded?.Encoding ?? part.Encoding);
        output.Append((byte)' ');
        output.Append(Decoded?.Size ?? part.Size);
        if (part.Is("message", "rfc822") || part.Is("message", "global"))
        {
            WriteMessage(part);
        }
        else if (part.Is("text"))
        {
            output.Append((byte)' ');
            output.Append(Decoded?.Lines ?? part.Lines);
        }

        if (extended)
        {
            output.Append((byte)' ');
            HeaderText.WriteField(output, part.Fields[HeaderId.ContentMd5]);
            WriteCommonExtension(part);
        }
    }

    private void WriteMessage(Part part)
    {
        output.Append((byte)' ');
        if (part.Kind == PartKind.Message)
        {
            EnvelopeWriter.Write(output, part.Children[0].Fields, scratch);
            output.Append((byte)' ');
            Write(part.Children[0]);
        }
        else
        {
            // Encoded (RFC 2046 5.2.1 forbids it), too deep or empty: the grammar still wants an envelope and a body.
            output.Append("(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) (\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7BIT\" 0 0"u8);
            output.Append(extended ? " NIL NIL NIL NIL)"u8 : ")"u8);
        }

        output.Append((byte)' ');
        output.Append(part.Lines);
    }

    private void WriteCommonExtension(Part part)
    {
        output.Append((byte)' ');
        if (part.Fields[HeaderId.ContentDisposition] is { } raw && HeaderText.Unfold(raw) is var disposition && !FieldParameters.Value(disposition).IsEmpty)
        {
            output.Append((byte)'(');
            HeaderText.WriteString(output, FieldParameters.Value(disposition));
            output.Append((byte)' ');
            FieldParameters.Write(output, disposition);
            output.Append((byte)')');
        }
        else
        {
            output.Append("NIL"u8);
        }

        output.Append((byte)' ');
        WriteLanguage(part.Fields[HeaderId.ContentLanguage]);
        output.Append((byte)' ');
        HeaderText.WriteField(output, part.Fields[HeaderId.ContentLocation]);
    }

    private void WriteLanguage(byte[]? raw)
    {
        ReadOnlySpan<byte> rest = raw is null ? [] : HeaderText.Unfold(raw);
        var count = 0;
        while (!rest.IsEmpty && count < MaxLanguages)
        {
            var comma = rest.IndexOf((byte)',');
            var tag = HeaderText.Trim(comma < 0 ? rest : rest[..comma]);
            rest = comma < 0 ? [] : rest[(comma + 1)..];
            if (!tag.IsEmpty)
            {
                output.Append(count++ == 0 ? "("u8 : " "u8);
                HeaderText.WriteString(output, tag);
            }
        }

        output.Append(count == 0 ? "NIL"u8 : ")"u8);
    }

    private void WriteText(string text)
    {
        if (Ascii.IsValid(text) && text.Length <= 128)
        {
            Span<byte> octets = stackalloc byte[128];
            Ascii.FromUtf16(text, octets, out var written);
            HeaderText.WriteString(output, octets[..written]);
        }
        else
        {
            HeaderText.WriteString(output, Encoding.UTF8.GetBytes(text));
        }
    }
}
