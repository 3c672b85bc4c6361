using System.Text;
using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>GENURLAUTH (RFC 4467 7): signs URLs of the account's own messages.</summary>
internal sealed class GenUrlAuthCommand() : ImapCommand("GENURLAUTH", SessionStates.SignedIn)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var authority = new UrlAuthority(session.With);
        var signed = new List<string>();
        foreach (var (text, mechanism) in UrlArguments.ReadGenerate(command))
        {
            var url = ImapUrl.TryParse(text);
            if (mechanism != UrlAuthority.Mechanism)
            {
                return Completion.Bad("Unknown authorisation mechanism");
            }

            if (authority.Objection(session.Store.Account, url) is { } objection)
            {
                return Completion.Bad(objection);
            }

            if (await session.Store.FindAsync(url!.Mailbox, cancellationToken) is not { Selectable: true } mailbox)
            {
                return Completion.Bad("No such mailbox");
            }

            signed.Add(UrlAuthority.Sign(url, (await session.Store.UrlKeyAsync(mailbox.Id, make: true, cancellationToken))!));
        }

        session.Output.Write("* GENURLAUTH"u8);
        foreach (var url in signed)
        {
            session.Output.Write((byte)' ');
            session.Output.String(Encoding.ASCII.GetBytes(url));
        }

        session.Output.Line();
        return Completion.Ok("Genurlauth completed");
    }
}
