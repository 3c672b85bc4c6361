using System.Buffers;
using System.Text;
using MailPlus.Engine.Mime;

namespace MailPlus.Engine.MailAuth.Dkim;

/// <summary>The header block as signatures see it: fields by name, canonical forms (RFC 6376 3.4.1, 3.4.2, 5.4.2).</summary>
internal sealed class SignedHeader
{
    private readonly HeaderFields _header;
    private readonly Dictionary<string, List<HeaderField>> _byName = new(StringComparer.OrdinalIgnoreCase);

    public SignedHeader(HeaderFields header)
    {
        _header = header;
        foreach (var field in header.Fields.Where(field => field.NameLength > 0))
        {
            var name = header.Name(field);
            if (!_byName.TryGetValue(name, out var list))
            {
                _byName.Add(name, list = []);
            }

            list.Add(field);
        }
    }

    /// <summary>Octets of the block.</summary>
    public int Length => _header.Length;

    /// <summary>Fields of a name from the top.</summary>
    public IReadOnlyList<HeaderField> Named(string name) => _byName.GetValueOrDefault(name) ?? [];

    /// <summary>The value as text, octet by octet.</summary>
    public string Value(HeaderField field) => Encoding.Latin1.GetString(_header.Value(field).Span);

    /// <summary>Appends the fields a signature names, each name taking the next one from the bottom.</summary>
    public void AppendNamed(IEnumerable<string> names, bool relaxed, ArrayBufferWriter<byte> target)
    {
        var used = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        foreach (var name in names)
        {
            var list = Named(name);
            var taken = used.GetValueOrDefault(name);
            if (taken < list.Count)
            {
                Append(list[list.Count - 1 - taken], relaxed, target);
                used[name] = taken + 1;
            }
        }
    }

    /// <summary>Appends a field.</summary>
    public void Append(HeaderField field, bool relaxed, ArrayBufferWriter<byte> target)
    {
        if (!relaxed)
        {
            target.Write(_header.Raw(field).Span);
            return;
        }

        Relax(_header.Name(field), _header.Value(field).Span, target);
        target.Write("\r\n"u8);
    }

    /// <summary>Appends the field of a signature itself: the value of b= left out, no line end after it (RFC 6376 3.7).</summary>
    public void AppendUnsigned(HeaderField field, bool relaxed, ArrayBufferWriter<byte> target)
    {
        var value = WithoutSignature(_header.Value(field).Span);
        if (relaxed)
        {
            Relax(_header.Name(field), value, target);
            return;
        }

        var raw = _header.Raw(field).Span;
        target.Write(raw[..^_header.Value(field).Length]);
        var end = value.AsSpan().EndsWith("\r\n"u8) ? value.Length - 2 : value.Length;
        target.Write(value.AsSpan(0, end));
    }

    private static byte[] WithoutSignature(ReadOnlySpan<byte> value)
    {
        var result = new ArrayBufferWriter<byte>(Math.Max(1, value.Length));
        while (true)
        {
            var end = value.IndexOf((byte)';');
            var tag = end < 0 ? value : value[..end];
            var equals = tag.IndexOf((byte)'=');
            var isSignature = equals >= 0 && tag[..equals].Trim(" \t\r\n"u8).SequenceEqual("b"u8);
            if (isSignature && end < 0 && tag.EndsWith("\r\n"u8))
            {
                result.Write(tag[..(equals + 1)]);
                result.Write("\r\n"u8);
            }
            else
            {
                result.Write(isSignature ? tag[..(equals + 1)] : tag);
            }

            if (end < 0)
            {
                return result.WrittenSpan.ToArray();
            }

            result.Write(";"u8);
            value = value[(end + 1)..];
        }
    }

    private static void Relax(string name, ReadOnlySpan<byte> value, ArrayBufferWriter<byte> target)
    {
        target.Write(Encoding.Latin1.GetBytes(name.ToLowerInvariant().TrimEnd() + ":"));
        var text = target.GetSpan(Math.Max(1, value.Length));
        var length = 0;
        var space = false;
        foreach (var c in value)
        {
            if (c is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            {
                space = true;
                continue;
            }

            if (space && length > 0)
            {
                text[length++] = (byte)' ';
            }

            space = false;
            text[length++] = c;
        }

        target.Advance(length);
    }
}
