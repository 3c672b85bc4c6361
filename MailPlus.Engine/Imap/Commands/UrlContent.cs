using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>The octets an IMAP URL names in a store.</summary>
internal sealed class UrlContent : IAsyncDisposable
{
    private const int Chunk = 32 * 1024;

    private readonly StoredContent _content;
    private readonly PartLocator _locator;

    private UrlContent(StoredContent content, PartLocator locator, SectionOctets octets) => (_content, _locator, Octets) = (content, locator, octets);

    /// <summary>Where they are.</summary>
    public SectionOctets Octets { get; }

    /// <summary>What a relative URL of the session's own mail names; null when there is no such thing.</summary>
    public static async ValueTask<UrlContent?> OpenAsync(ImapSession session, ImapUrl? url, CancellationToken cancellationToken)
    {
        if (url is not { Server: null, Access: null })
        {
            return null;
        }

        if (url.Mailbox.Length == 0)
        {
            return session.Selected is { } selected ? await OpenAsync(selected.Store, selected.View.Mailbox, url, cancellationToken) : null;
        }

        return await session.Places.FindAsync(url.Mailbox, cancellationToken) is { } place && place.Has(Rights.Read)
            ? await OpenAsync(place.Store, place.Mailbox, url, cancellationToken)
            : null;
    }

    /// <summary>What a URL names in a mailbox.</summary>
    public static async ValueTask<UrlContent?> OpenAsync(IAccountStore store, Mailbox mailbox, ImapUrl url, CancellationToken cancellationToken)
    {
        if (!mailbox.Selectable || (url.UidValidity is { } validity && validity != mailbox.UidValidity) || await store.OpenAsync(mailbox.Id, new Uid(url.Uid), cancellationToken) is not { } content)
        {
            return null;
        }

        try
        {
            var locator = new PartLocator(content, content.HeaderLength);
            if (await locator.FindAsync(url.Section, cancellationToken) is { } octets)
            {
                var opened = new UrlContent(content, locator, url.Partial is { } partial ? octets.Slice(partial.Start, partial.Count ?? long.MaxValue) : octets);
                content = null;
                return opened;
            }

            return null;
        }
        finally
        {
            if (content is not null)
            {
                await content.DisposeAsync();
            }
        }
    }

    /// <summary>The refusal of a URL (RFC 4469 4.1).</summary>
    public static RefusedException Bad(string url) => new(new Refusal(RefusalKind.NotFound, "UrlInvalid") { Field = "URL", Arguments = [url] });

    /// <summary>Hands the octets on.</summary>
    public async ValueTask CopyToAsync(Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write, CancellationToken cancellationToken)
    {
        if ((Octets.Made ?? _content.InMemory?.Slice((int)Octets.Offset, (int)Octets.Length)) is { } memory)
        {
            await write(memory, cancellationToken);
            return;
        }

        await using var stream = _content.OpenRead();
        stream.Position = Octets.Offset;
        var buffer = new byte[Chunk];
        for (var left = Octets.Length; left > 0;)
        {
            var read = await stream.ReadAtLeastAsync(buffer.AsMemory(0, (int)Math.Min(left, Chunk)), 1, throwOnEndOfStream: true, cancellationToken);
            await write(buffer.AsMemory(0, read), cancellationToken);
            left -= read;
        }
    }

    /// <summary>Writes the octets as a literal.</summary>
    public async ValueTask WriteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var output = session.Output;
        if ((Octets.Made ?? _content.InMemory?.Slice((int)Octets.Offset, (int)Octets.Length)) is { } memory)
        {
            output.LiteralMark(memory.Length);
            await output.CopyAsync(memory, cancellationToken);
            return;
        }

        // Opened before the literal is announced: from there on there is no way back.
        await using var stream = _content.OpenRead();
        stream.Position = Octets.Offset;
        output.LiteralMark(Octets.Length);
        session.Connection.SetDeadline(Net.Connections.DeadlineKind.Write, TimeSpan.FromMinutes(30));
        await output.CopyAsync(stream, Octets.Length, cancellationToken);
    }

    /// <summary>The BODYSTRUCTURE of the part a section is of. When it is handed out decoded, that is what is described; parts inside it are told as stored.</summary>
    public byte[] Structure(SectionPath section, DecodedSection? decoded)
    {
        var part = _locator.Locate(section.Numbers) ?? _locator.Tree.Root;
        var structure = new ByteBuilder(256);
        var form = part.Kind == PartKind.Leaf && decoded is { } d ? (d.Encoding, d.Content.Length, d.Lines) : ((string, long, int)?)null;
        new BodyStructureWriter(structure, new AddressList(), extended: true) { Decoded = form }.Write(part);
        return structure.ToArray();
    }

    /// <summary>A whole part, or the message, without transfer encodings.</summary>
    /// <exception cref="UnknownEncodingException">An encoding is not known.</exception>
    public async ValueTask DecodeAsync(SectionPath section, LiteralSpool spool, CancellationToken cancellationToken) =>
        await new BinaryForm(_content, _locator.Tree).WriteAsync(section.Numbers.Count == 0 ? null : _locator.Locate(section.Numbers), TakeAsync(spool), cancellationToken);

    private static BinaryForm.Sink TakeAsync(LiteralSpool spool) => async (octets, cancellationToken) =>
    {
        await spool.WriteAsync(octets, cancellationToken);
        return true;
    };

    public ValueTask DisposeAsync() => _content.DisposeAsync();
}
