using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>RESETKEY (RFC 4467 7): URLs signed so far are worth nothing any more.</summary>
internal sealed class ResetKeyCommand() : ImapCommand("RESETKEY", SessionStates.SignedIn)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var name = UrlArguments.ReadReset(command);
        await session.Store.ResetUrlKeysAsync(name.Length == 0 ? null : (await session.FindSelectableAsync(name, cancellationToken)).Id, cancellationToken);
        return Completion.Ok("Resetkey completed", "URLMECH " + UrlAuthority.Mechanism);
    }
}
