using System.Text;
using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>
/// SETMETADATA (RFC 5464 4.3). Of the server everybody keeps private entries, which lie with the account's mail; the shared comment is a setting, which administrators change.
/// </summary>
internal sealed class SetMetadataCommand() : ImapCommand("SETMETADATA", SessionStates.SignedIn)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var arguments = SetMetadataArguments.Parse(command);
        var changes = arguments.Values.Select(v => new Annotation(v.Entry, v.Value is null ? (ReadOnlyMemory<byte>?)null : v.Value)).ToList();
        if (arguments.Mailbox.Length == 0 && changes.Exists(c => !c.IsPrivate))
        {
            await SetCommentAsync(session, changes, cancellationToken);
            session.Watch?.NoteOwn(place: null, changes);
        }
        else
        {
            var place = arguments.Mailbox.Length == 0 ? null : await session.Places.RequireAsync(arguments.Mailbox, Rights.Lookup, cancellationToken);
            if (place is not null && !(changes.Exists(c => !c.IsPrivate) ? place.Has(Rights.Write) : MetadataResponse.MaySee(place)))
            {
                throw new RefusedException(new Refusal(RefusalKind.NotAllowed, "MailboxRightMissing"));
            }

            await (place?.Store ?? session.Store).AnnotateAsync(place?.Id, session.Places.Reader, changes, cancellationToken);
            session.Watch?.NoteOwn(place, changes);
        }

        return Completion.Ok("Setmetadata completed");
    }

    private static async ValueTask SetCommentAsync(ImapSession session, List<Annotation> changes, CancellationToken cancellationToken)
    {
        // Alone: settings and mail are not committed together, and all or nothing must be set.
        if (changes.Count != 1 || !changes[0].Entry.Equals(MetadataResponse.ServerComment, StringComparison.OrdinalIgnoreCase) || session.With.SetServerComment is not { } set)
        {
            throw new RefusedException(new Refusal(RefusalKind.NotAllowed, "AnnotationReadOnly"));
        }

        session.Actor!.Require(Permission.ManageSettings);
        var value = changes[0].Value ?? default;
        if (!System.Text.Unicode.Utf8.IsValid(value.Span))
        {
            throw new SyntaxException("The comment is not UTF-8");
        }

        await set(session.Actor, Encoding.UTF8.GetString(value.Span), cancellationToken);
    }
}
