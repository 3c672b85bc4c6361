using MimeKit;

namespace MailPlus.Engine.Mime;

/// <summary>The fields of one header block that summaries need: raw values of their first occurrence.</summary>
internal sealed class SummaryFields
{
    private static readonly HeaderId[] Known =
    [
        HeaderId.Date, HeaderId.Subject, HeaderId.From, HeaderId.Sender, HeaderId.ReplyTo, HeaderId.To, HeaderId.Cc, HeaderId.Bcc, HeaderId.InReplyTo,
        HeaderId.MessageId, HeaderId.References, HeaderId.ContentType, HeaderId.ContentTransferEncoding, HeaderId.ContentId, HeaderId.ContentDescription,
        HeaderId.ContentMd5, HeaderId.ContentDisposition, HeaderId.ContentLanguage, HeaderId.ContentLocation,
    ];

    private readonly byte[]?[] _values = new byte[]?[Known.Length];

    /// <summary>Number of Received fields.</summary>
    public int Received { get; private set; }

    /// <summary>The raw value, null when the field is absent.</summary>
    public byte[]? this[HeaderId id] => _values[Array.IndexOf(Known, id)];

    public void Add(HeaderId id, byte[] rawValue)
    {
        if (id == HeaderId.Received)
        {
            Received++;
            return;
        }

        var index = Array.IndexOf(Known, id);
        if (index >= 0)
        {
            _values[index] ??= rawValue;
        }
    }
}
