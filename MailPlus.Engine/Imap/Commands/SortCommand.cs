using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>SORT and UID SORT (RFC 5256 3, ESORT RFC 5267 3, SEARCHRES RFC 5182, SORT=DISPLAY RFC 5957).</summary>
internal sealed class SortCommand(bool byUid) : ImapCommand(byUid ? "UID SORT" : "SORT", SessionStates.Selected, byUid ? NewsKind.All : NewsKind.KeepNumbers)
{
    public override ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken) =>
        new SearchSteps(session, command.Tag, byUid).RunAsync(returnKnown => SortArguments.Parse(command, returnKnown), cancellationToken);
}
