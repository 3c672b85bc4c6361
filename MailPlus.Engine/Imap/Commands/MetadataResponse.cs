using System.Text;
using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Sharing;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>Annotations as GETMETADATA, LIST and NOTIFY tell them (RFC 5464 4.4, RFC 9590).</summary>
internal static class MetadataResponse
{
    public const string ServerComment = "/shared/comment";
    public const string ServerAdmin = "/shared/admin";

    /// <summary>What the signed-in account sees of a mailbox, or of the server.</summary>
    public static async ValueTask<IReadOnlyList<Annotation>> ReadAsync(ImapSession session, Place? place, CancellationToken cancellationToken)
    {
        var found = await (place?.Store ?? session.Store).AnnotationsAsync(place?.Id, session.Places.Reader, cancellationToken);
        return place is null ? [.. found, .. OfServer(session.With.Settings.Current.Imap)] : found;
    }

    /// <summary>Whether the rights let annotations be seen and private ones be kept (RFC 5464 3.3).</summary>
    public static bool MaySee(Place place) => place.Has(Rights.Lookup) && (place.Rights & (Rights.Read | Rights.Seen | Rights.Write | Rights.Insert | Rights.Post)) != 0;

    /// <summary>The METADATA response with values; those asked for by their full name and not set are NIL. Nothing is said when there is nothing to say.</summary>
    /// <returns>Octets of the longest value held back for its size, 0 when none was.</returns>
    public static int Write(ResponseWriter output, string mailbox, GetMetadataArguments wanted, IReadOnlyList<Annotation> all)
    {
        var found = all.Where(a => wanted.Wants(a.Entry)).ToList();
        var held = found.Where(a => wanted.MaxSize is { } most && a.Value!.Value.Length > most).ToList();
        var missing = wanted.Depth != 0 ? [] : wanted.Entries.Where(e => !found.Exists(a => a.Entry.Equals(e, StringComparison.OrdinalIgnoreCase))).Select(e => new Annotation(e, null));
        var any = false;
        foreach (var annotation in found.Except(held).Concat(missing))
        {
            if (any)
            {
                output.Write((byte)' ');
            }
            else
            {
                Begin(output, mailbox);
                output.Write((byte)'(');
            }

            any = true;
            output.AString(annotation.Entry);
            output.Write((byte)' ');
            if (annotation.Value is { } value)
            {
                output.Binary(value.Span);
            }
            else
            {
                output.Write("NIL"u8);
            }
        }

        if (any)
        {
            output.Write(")\r\n"u8);
        }

        return held.Select(a => a.Value!.Value.Length).DefaultIfEmpty().Max();
    }

    /// <summary>The METADATA response that only says what changed (RFC 5464 4.4.2).</summary>
    public static void WriteChanged(ResponseWriter output, string mailbox, IEnumerable<string> entries)
    {
        Begin(output, mailbox);
        var any = false;
        foreach (var entry in entries)
        {
            output.Write(any ? " "u8 : default);
            any = true;
            output.AString(entry);
        }

        output.Line();
    }

    private static void Begin(ResponseWriter output, string mailbox)
    {
        output.Write("* METADATA "u8);
        output.Mailbox(mailbox);
        output.Write((byte)' ');
    }

    /// <summary>What the settings say of the server (RFC 5464 3.2.1.1); the contact must be a URI.</summary>
    private static IEnumerable<Annotation> OfServer(Settings.Sections.ImapSettings settings)
    {
        if (settings.ServerAdmin.Length > 0)
        {
            var isAddress = EmailAddress.TryParse(settings.ServerAdmin, out _);
            yield return new Annotation(ServerAdmin, Encoding.UTF8.GetBytes(isAddress ? "mailto:" + settings.ServerAdmin : settings.ServerAdmin));
        }

        if (settings.ServerComment.Length > 0)
        {
            yield return new Annotation(ServerComment, Encoding.UTF8.GetBytes(settings.ServerComment));
        }
    }
}
