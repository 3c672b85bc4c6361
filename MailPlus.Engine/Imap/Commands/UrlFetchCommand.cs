using System.Text;
using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>URLFETCH (RFC 4467 7, RFC 5524): what signed URLs name, in whoever's mail. One that is not valid, for whatever reason, is answered with NIL.</summary>
internal sealed class UrlFetchCommand() : ImapCommand("URLFETCH", SessionStates.SignedIn)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        foreach (var (text, parts) in UrlArguments.ReadFetch(command))
        {
            session.Output.Write("* URLFETCH "u8);
            session.Output.String(Encoding.Latin1.GetBytes(text));
            session.Output.Write((byte)' ');
            await WriteAsync(session, ImapUrl.TryParse(text), parts, cancellationToken);
            session.Output.Line();
            await session.Output.FlushIfFullAsync(cancellationToken);
        }

        return Completion.Ok("Urlfetch completed");
    }

    private static async ValueTask WriteAsync(ImapSession session, ImapUrl? url, UrlParts parts, CancellationToken cancellationToken)
    {
        if (new UrlAuthority(session.With).Admit(session.Store.Account, url) is not { } owner || await OpenAsync(session, owner, cancellationToken) is not { } store)
        {
            session.Output.Write("NIL"u8);
            return;
        }

        await using (store)
        {
            var mailbox = await store.FindAsync(url!.Mailbox, cancellationToken);
            if (mailbox is null || !await UrlAuthority.IsTrueAsync(store, mailbox, url, cancellationToken) || await UrlContent.OpenAsync(store, mailbox, url, cancellationToken) is not { } content)
            {
                session.Output.Write("NIL"u8);
                return;
            }

            await using (content)
            {
                await WriteAsync(session, content, url, parts, cancellationToken);
            }
        }
    }

    private static async ValueTask WriteAsync(ImapSession session, UrlContent content, ImapUrl url, UrlParts parts, CancellationToken cancellationToken)
    {
        var output = session.Output;
        if (parts == UrlParts.None)
        {
            await content.WriteAsync(session, cancellationToken);
            return;
        }

        // Header blocks have no encoding to be undone.
        var isDecoded = parts.HasFlag(UrlParts.Binary) && url.Section.Kind == SectionKind.Whole;
        await using var decoded = isDecoded ? await DecodedSection.OpenAsync(session, content, url.Section, cancellationToken) : null;
        if (parts.HasFlag(UrlParts.Structure))
        {
            output.Write("(BODYPARTSTRUCTURE "u8);
            output.Write(content.Structure(url.Section, decoded));
            output.Write(parts == UrlParts.Structure ? ")"u8 : ") "u8);
        }

        if (parts.HasFlag(UrlParts.Body))
        {
            output.Write("(BODY "u8);
            await content.WriteAsync(session, cancellationToken);
            output.Write((byte)')');
        }
        else if (parts.HasFlag(UrlParts.Binary))
        {
            output.Write("(BINARY "u8);
            await WriteBinaryAsync(session, content, isDecoded, (url, decoded), cancellationToken);
            output.Write((byte)')');
        }
    }

    /// <summary>The section decoded, NIL when it cannot be; a partial counts octets of that.</summary>
    private static async ValueTask WriteBinaryAsync(ImapSession session, UrlContent content, bool isDecoded, (ImapUrl Url, DecodedSection? Section) decoded, CancellationToken cancellationToken)
    {
        if (!isDecoded)
        {
            await content.WriteAsync(session, cancellationToken);
            return;
        }

        if (decoded.Section is not { } section)
        {
            session.Output.Write("NIL"u8);
            return;
        }

        await using var stream = section.Content.OpenRead();
        var start = Math.Min(decoded.Url.Partial?.Start ?? 0, section.Content.Length);
        var length = Math.Min(decoded.Url.Partial?.Count ?? long.MaxValue, section.Content.Length - start);
        stream.Position = start;
        session.Output.Write(section.HasNul ? "~"u8 : default);
        session.Output.LiteralMark(length);
        session.Connection.SetDeadline(Net.Connections.DeadlineKind.Write, TimeSpan.FromMinutes(30));
        await session.Output.CopyAsync(stream, length, cancellationToken);
    }

    private static async ValueTask<IAccountStore?> OpenAsync(ImapSession session, AccountId owner, CancellationToken cancellationToken)
    {
        try
        {
            return await session.With.Store.OpenAsync(owner, cancellationToken);
        }
        catch (RefusedException gone) when (gone.Refusal.Kind == RefusalKind.NotFound)
        {
            return null;
        }
    }
}
