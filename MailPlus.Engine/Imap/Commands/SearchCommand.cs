using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>SEARCH and UID SEARCH (RFC 3501 6.4.4, ESEARCH RFC 4731, SEARCHRES RFC 5182, PARTIAL RFC 9394, MODSEQ RFC 7162 3.1.5).</summary>
internal sealed class SearchCommand(bool byUid) : ImapCommand(byUid ? "UID SEARCH" : "SEARCH", SessionStates.Selected, byUid ? NewsKind.All : NewsKind.KeepNumbers)
{
    public override ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken) =>
        new SearchSteps(session, command.Tag, byUid).RunAsync(returnKnown => Read(session, command, returnKnown), cancellationToken);

    private static SortArguments Read(ImapSession session, CommandText command, Action<SearchReturn> returnKnown)
    {
        var arguments = SearchArguments.Parse(command, returnKnown);
        var isPlain = session.Modes.Rev2 && !arguments.Return.IsExtended;
        return new SortArguments([], arguments.Key, isPlain ? new SearchReturn(ReturnItems.All) : arguments.Return); // RFC 9051 6.4.4
    }
}
