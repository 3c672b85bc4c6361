using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>GETMETADATA (RFC 5464 4.2).</summary>
internal sealed class GetMetadataCommand() : ImapCommand("GETMETADATA", SessionStates.SignedIn)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var arguments = GetMetadataArguments.Parse(command);
        var place = arguments.Mailbox.Length == 0 ? null : await session.Places.RequireAsync(arguments.Mailbox, Rights.Lookup, cancellationToken);
        if (place is not null && !MetadataResponse.MaySee(place))
        {
            throw new RefusedException(new Refusal(RefusalKind.NotAllowed, "MailboxRightMissing"));
        }

        var longest = MetadataResponse.Write(session.Output, place?.Name ?? "", arguments, await MetadataResponse.ReadAsync(session, place, cancellationToken));
        return Completion.Ok("Getmetadata completed", longest > 0 ? FormattableString.Invariant($"METADATA LONGENTRIES {longest}") : null);
    }
}
