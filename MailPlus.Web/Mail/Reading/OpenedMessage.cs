using MailPlus.Engine.MailAuth;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MimeKit;

namespace MailPlus.Web.Mail.Reading;

/// <summary>
/// One stored message, parsed. Parts stay in the store's stream and are decoded only when written somewhere, so a message of 50 MB costs no more memory
/// than its headers. Disposing it closes the stream: parts must not be used after.
/// </summary>
public sealed class OpenedMessage : IAsyncDisposable
{
    private static readonly ParserOptions Options = new() { MaxMimeDepth = 100 };

    private const int LongestPrefix = 64 * 1024;

    private readonly StoredContent _content;
    private readonly Stream _stream;

    private OpenedMessage(StoredContent content, Stream stream, MimeMessage message)
    {
        _content = content;
        _stream = stream;
        Message = message;
        Parts = [.. message.BodyParts];
        Html = Parts.OfType<TextPart>().FirstOrDefault(part => part.IsHtml && !part.IsAttachment);
        Text = Parts.OfType<TextPart>().FirstOrDefault(part => part.IsPlain && !part.IsAttachment);
    }

    /// <summary>The message.</summary>
    public MimeMessage Message { get; }

    /// <summary>Leaf parts in order; the position is the part's number in addresses.</summary>
    public IReadOnlyList<MimeEntity> Parts { get; }

    /// <summary>The HTML body, null when there is none.</summary>
    public TextPart? Html { get; }

    /// <summary>The text body, null when there is none.</summary>
    public TextPart? Text { get; }

    /// <summary>Octets.</summary>
    public long Size => _content.Length;

    /// <summary>Octets of the header block.</summary>
    public int HeaderLength => _content.HeaderLength;

    /// <summary>Opens and parses a message, null when it is gone.</summary>
    public static async Task<OpenedMessage?> OpenAsync(IAccountStore store, MailboxId mailbox, Uid uid, CancellationToken cancellationToken)
    {
        if (await store.OpenAsync(mailbox, uid, cancellationToken) is not { } content)
        {
            return null;
        }

        Stream? stream = null;
        try
        {
            stream = content.OpenRead();
            var parser = new MimeParser(Options, stream, MimeFormat.Entity, persistent: true);
            var message = await parser.ParseMessageAsync(cancellationToken);
            return new OpenedMessage(content, stream, message);
        }
        catch (FormatException)
        {
            // Not even a header block, an empty message for instance: shown as such.
            return new OpenedMessage(content, stream!, new MimeMessage { Body = new TextPart("plain") { Text = "" } });
        }
        catch
        {
            await (stream?.DisposeAsync() ?? ValueTask.CompletedTask);
            await content.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// What this server recorded of the sender when the message came in. Read from the generated prefix alone: whatever stands in the message itself, a sender
    /// wrote. A message that was uploaded has no prefix, and so no results.
    /// </summary>
    public async Task<IReadOnlyList<RecordedResult>> RecordedAsync(CancellationToken cancellationToken)
    {
        var prefix = new byte[Math.Min(_content.PrefixLength, LongestPrefix)];
        await using var raw = _content.OpenRead();
        await raw.ReadExactlyAsync(prefix, cancellationToken);
        return AuthenticationResults.ReadPrefix(prefix);
    }

    /// <summary>The octets as stored.</summary>
    public Stream OpenRaw() => _content.OpenRead();

    /// <summary>Pictures and other parts that HTML may name, by Content-ID.</summary>
    public IReadOnlyDictionary<string, MimePart> ByContentId()
    {
        var parts = new Dictionary<string, MimePart>(StringComparer.Ordinal);
        foreach (var part in Parts.OfType<MimePart>())
        {
            if (part.ContentId is { Length: > 0 } id)
            {
                parts.TryAdd(id.Trim('<', '>'), part);
            }
        }

        return parts;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Message.Dispose();
        await _stream.DisposeAsync();
        await _content.DisposeAsync();
    }
}
