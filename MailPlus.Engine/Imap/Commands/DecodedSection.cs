using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Mime;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>A section a URL names, without transfer encodings (RFC 5524 3).</summary>
internal sealed class DecodedSection : IAsyncDisposable
{
    private readonly LiteralSpool _spool;

    private DecodedSection(LiteralSpool spool, MessageContent content) => (_spool, Content) = (spool, content);

    /// <summary>The octets.</summary>
    public MessageContent Content { get; }

    /// <summary>Whether a NUL is among them.</summary>
    public bool HasNul => _spool.HasNul;

    /// <summary>The identity encoding that describes them (RFC 2045 2.7 to 2.9).</summary>
    public string Encoding { get; private set; } = "7BIT";

    /// <summary>Line feeds.</summary>
    public int Lines { get; private set; }

    /// <summary>Decodes; null when an encoding is not known.</summary>
    public static async ValueTask<DecodedSection?> OpenAsync(ImapSession session, UrlContent content, SectionPath section, CancellationToken cancellationToken)
    {
        var spool = new LiteralSpool(session.With.Run.DataFolder);
        try
        {
            await content.DecodeAsync(section, spool, cancellationToken);
            var decoded = new DecodedSection(spool, await spool.FinishAsync(cancellationToken));
            await decoded.LookAsync(cancellationToken);
            return decoded;
        }
        catch (UnknownEncodingException)
        {
            await spool.DisposeAsync();
            return null;
        }
        catch
        {
            await spool.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Content.DisposeAsync();
        await _spool.DisposeAsync();
    }

    private async ValueTask LookAsync(CancellationToken cancellationToken)
    {
        await using var stream = Content.OpenRead();
        var buffer = new byte[16 * 1024];
        var isAscii = true;
        for (int read; (read = await stream.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            Lines += buffer.AsSpan(0, read).Count((byte)'\n');
            isAscii = isAscii && System.Text.Ascii.IsValid(buffer.AsSpan(0, read));
        }

        Encoding = HasNul ? "BINARY" : isAscii ? "7BIT" : "8BIT";
    }
}
