using System.Collections.Immutable;
using System.Text;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Sieve.Language;
using MimeKit;

namespace MailPlus.Engine.Sieve.Runtime;

/// <summary>A header field as it stands in the message.</summary>
/// <param name="Name">Its name; empty for a line that is no field.</param>
/// <param name="Raw">All its octets with the line end.</param>
/// <param name="ValueStart">Where the value begins in them.</param>
internal sealed record SieveField(string Name, ReadOnlyMemory<byte> Raw, int ValueStart)
{
    /// <summary>The value unfolded and decoded, without outer blanks.</summary>
    public string Value => SieveMessage.DecodeValue(Raw.Span[ValueStart..]);

    public bool IsNamed(string name) => Name.Equals(name, StringComparison.OrdinalIgnoreCase);

    /// <summary>A new field, encoded and folded as RFC 2047 and RFC 5322 want.</summary>
    public static SieveField Make(string name, string value)
    {
        var header = new Header(Encoding.UTF8, name, value.ReplaceLineEndings(" ").Trim());
        byte[] raw = [.. Encoding.ASCII.GetBytes(name), (byte)':', .. header.RawValue.AsSpan().TrimEnd("\r\n"u8), .. "\r\n"u8];
        return new SieveField(name, Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(raw).ReplaceLineEndings("\r\n")), name.Length + 1);
    }
}

/// <summary>
/// The message a script works on. Immutable: an edited one is another, so that an action keeps what it was given. Disposing one ends reading the parts of all that were
/// made from it.
/// </summary>
internal sealed class SieveMessage : IAsyncDisposable
{
    private const int LongestValue = 64 * 1024;

    private readonly MessageContent _content;
    private readonly int _headerLength;
    private readonly List<Stream> _open;
    private MimeMessage? _mime;

    private SieveMessage(MessageContent content, int headerLength, bool hasBody, ImmutableList<SieveField> fields, List<Stream> open)
    {
        (_content, _headerLength, HasBody, Fields, _open) = (content, headerLength, hasBody, fields, open);
    }

    /// <summary>Header fields in order.</summary>
    public ImmutableList<SieveField> Fields { get; }

    /// <summary>An empty line ends the header; else there is no body at all.</summary>
    public bool HasBody { get; }

    /// <summary>The script changed something.</summary>
    public bool IsEdited { get; private init; }

    /// <summary>Octets, as now.</summary>
    public long Size => IsEdited ? HeaderOctets().Length + (_content.Length - _headerLength) : _content.Length;

    public static ValueTask<SieveMessage> ReadAsync(MessageContent content, CancellationToken cancellationToken) => ReadAsync(content, [], cancellationToken);

    private static async ValueTask<SieveMessage> ReadAsync(MessageContent content, List<Stream> open, CancellationToken cancellationToken)
    {
        var header = await HeaderFields.ReadAsync(content, cancellationToken);
        var fields = header.Fields.Select(field => new SieveField(
            field.NameLength == 0 ? "" : header.Name(field), header.Raw(field), field.NameLength == 0 ? 0 : field.ValueStart - field.Start)).ToImmutableList();
        var last = header.Fields is [.., var end] ? end.End : 0;
        return new SieveMessage(content, header.Length, header.Length > last, fields, open);
    }

    /// <summary>A message a script made instead (RFC 5703 5, 6).</summary>
    public async ValueTask<SieveMessage> RemadeAsync(MimeMessage message, CancellationToken cancellationToken)
    {
        using var octets = new MemoryStream();
        var options = FormatOptions.Default.Clone();
        options.NewLineFormat = NewLineFormat.Dos;
        await message.WriteToAsync(options, octets, cancellationToken);
        var made = await ReadAsync(MessageContent.FromMemory(octets.ToArray()), _open, cancellationToken);
        return new SieveMessage(made._content, made._headerLength, made.HasBody, made.Fields, _open) { IsEdited = true };
    }

    public static string DecodeValue(ReadOnlySpan<byte> raw) => HeaderText.Decode(HeaderText.Unfold(raw), null, LongestValue);

    public SieveMessage With(ImmutableList<SieveField> fields) => new(_content, _headerLength, HasBody, fields, _open) { IsEdited = true };

    public IEnumerable<SieveField> Named(string name) => Fields.Where(field => field.IsNamed(name));

    /// <summary>All octets as they are now.</summary>
    public Stream OpenRead()
    {
        if (!IsEdited)
        {
            return _content.OpenRead();
        }

        var body = _content.OpenRead();
        body.Position = _headerLength;
        return new HeadedStream(HeaderOctets(), body, _headerLength);
    }

    /// <summary>The content as it is now; that of an edited message reads the header from memory.</summary>
    public MessageContent ToContent() => IsEdited ? new HeadedContent(this) : _content;

    /// <summary>The parts.</summary>
    public async ValueTask<MimeMessage> MimeAsync(CancellationToken cancellationToken)
    {
        if (_mime is null)
        {
            // The stream lives as long as the parts do, which read their content from it.
            var stream = OpenRead();
            _open.Add(stream);
            _mime = await MimeMessage.LoadAsync(ParserOptions.Default, stream, persistent: true, cancellationToken);
        }

        return _mime;
    }

    /// <summary>The body as one text, at most so many octets; null when there is none.</summary>
    public async ValueTask<string?> RawBodyAsync(int maximum, CancellationToken cancellationToken)
    {
        if (!HasBody)
        {
            return null;
        }

        await using var stream = _content.OpenRead();
        stream.Position = _headerLength;
        var octets = new byte[(int)Math.Min(maximum, _content.Length - _headerLength)];
        await stream.ReadExactlyAsync(octets, cancellationToken);
        return OctetText.Read(octets);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var stream in _open)
        {
            await stream.DisposeAsync();
        }

        _open.Clear();
    }

    private byte[] HeaderOctets()
    {
        var octets = new List<byte>();
        foreach (var field in Fields)
        {
            octets.AddRange(field.Raw.Span);
        }

        if (HasBody)
        {
            octets.AddRange("\r\n"u8);
        }

        return [.. octets];
    }

    private sealed class HeadedContent(SieveMessage message) : MessageContent
    {
        public override long Length => message.Size;

        public override Stream OpenRead() => message.OpenRead();
    }
}
