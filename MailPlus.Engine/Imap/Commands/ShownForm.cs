using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>
/// A message with UTF-8 in its headers as this session's client sees it: as stored once UTF8=ACCEPT (RFC 6855) or IMAP4rev2 is enabled, else in ASCII (RFC 6858). Size,
/// structure and every section come from the same octets. Messages without UTF-8 in headers, nearly all, never come here.
/// </summary>
internal sealed class ShownForm : IAsyncDisposable
{
    private readonly StoredContent? _opened;
    private readonly bool _takesUtf8;
    private PartTree? _tree;

    private ShownForm(MessageContent content, int headerLength, StoredContent? opened, bool takesUtf8) =>
        (Content, HeaderLength, _opened, _takesUtf8) = (content, headerLength, opened, takesUtf8);

    /// <summary>The octets.</summary>
    public MessageContent Content { get; }

    /// <summary>Octets of the header block.</summary>
    public int HeaderLength { get; }

    private PartTree Tree => _tree ??= StructureReader.Read(Content);

    /// <summary>Whether what was made ready at delivery may not be what this client is to see.</summary>
    public static bool Concerns(in MessageState message) => (message.Flags & MessageFlags.Utf8Headers) != 0;

    /// <summary>The form of a message of the selected mailbox; null when it is gone.</summary>
    /// <param name="session">For whom.</param>
    /// <param name="uid">Which message.</param>
    /// <param name="content">The message where it is open; it stays the caller's.</param>
    /// <param name="cancellationToken">Token.</param>
    public static async ValueTask<ShownForm?> OpenAsync(ImapSession session, Uid uid, StoredContent? content, CancellationToken cancellationToken)
    {
        var selected = session.Selected!;
        var opened = content is null ? await selected.Store.OpenAsync(selected.Id, uid, cancellationToken) : null;
        if ((content ?? opened) is not { } stored)
        {
            return null;
        }

        if (session.Modes.TakesUtf8)
        {
            return new ShownForm(stored, stored.HeaderLength, opened, takesUtf8: true);
        }

        var form = selected.LastAsciiForm is { } last && last.Uid == uid ? last.Form : AsciiForm.Of(stored, stored.HeaderLength);
        selected.LastAsciiForm = (uid, form);
        return form is null
            ? new ShownForm(stored, stored.HeaderLength, opened, takesUtf8: false)
            : new ShownForm(form.Over(stored), form.HeaderLength, opened, takesUtf8: false);
    }

    /// <summary>RFC822.SIZE as this client sees it.</summary>
    public static async ValueTask<MessageState> SizedAsync(ImapSession session, MessageState message, CancellationToken cancellationToken)
    {
        if (session.Modes.TakesUtf8 || !Concerns(message))
        {
            return message;
        }

        await using var form = await OpenAsync(session, message.Uid, content: null, cancellationToken);
        return form is null ? message : message with { Size = (uint)form.Content.Length };
    }

    /// <summary>ENVELOPE.</summary>
    public byte[] Envelope()
    {
        var output = new ByteBuilder(512) { TakesUtf8 = _takesUtf8 };
        EnvelopeWriter.Write(output, Tree.Root.Fields, new AddressList());
        return output.ToArray();
    }

    /// <summary>BODYSTRUCTURE, or BODY when it is not extended.</summary>
    public byte[] Structure(bool extended)
    {
        var output = new ByteBuilder(512) { TakesUtf8 = _takesUtf8 };
        new BodyStructureWriter(output, new AddressList(), extended).Write(Tree.Root);
        return output.ToArray();
    }

    public ValueTask DisposeAsync() => _opened?.DisposeAsync() ?? ValueTask.CompletedTask;
}
