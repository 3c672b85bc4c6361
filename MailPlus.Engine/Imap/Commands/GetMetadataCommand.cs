using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>GETMETADATA (RFC 5464 4.2).</summary>
internal sealed class GetMetadataCommand() : ImapCommand("GETMETADATA", SessionStates.SignedIn)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var arguments = GetMetadataArguments.Parse(command);
        var mailbox = arguments.Mailbox.Length == 0 ? null : await session.FindAsync(arguments.Mailbox, cancellationToken);
        var longest = MetadataResponse.Write(session.Output, mailbox?.Name ?? "", arguments, await MetadataResponse.ReadAsync(session, mailbox, cancellationToken));
        return Completion.Ok("Getmetadata completed", longest > 0 ? FormattableString.Invariant($"METADATA LONGENTRIES {longest}") : null);
    }
}
