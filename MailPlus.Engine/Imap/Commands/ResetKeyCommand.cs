using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>RESETKEY (RFC 4467 7): URLs signed so far are worth nothing any more.</summary>
internal sealed class ResetKeyCommand() : ImapCommand("RESETKEY", SessionStates.SignedIn)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var name = UrlArguments.ReadReset(command);
        var place = name.Length == 0 ? null : await session.Places.RequireSelectableAsync(name, Rights.Administer, cancellationToken);
        await (place?.Store ?? session.Store).ResetUrlKeysAsync(place?.Id, cancellationToken);
        return Completion.Ok("Resetkey completed", "URLMECH " + UrlAuthority.Mechanism);
    }
}
