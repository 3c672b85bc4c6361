using System.Text;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>LOGIN (RFC 3501 6.2.3).</summary>
internal sealed class LoginCommand() : ImapCommand("LOGIN", SessionStates.NotAuthenticated)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var (name, password) = Parse(command);
        return await SignInAsync(session, name, password, cancellationToken);
    }

    /// <summary>Checks a password and signs in; never in clear text (mail-rules 20).</summary>
    public static async ValueTask<Completion> SignInAsync(ImapSession session, string name, string password, CancellationToken cancellationToken)
    {
        if (!session.AllowsPasswords)
        {
            return Completion.No("No passwords without TLS", "PRIVACYREQUIRED");
        }

        var credential = new PasswordCredential(name, password, "imap", session.Connection.Remote.Address);
        await session.SignInAsync(await session.With.Authenticator.AuthenticateAsync(credential, cancellationToken), cancellationToken);
        return Completion.Ok("Logged in", "CAPABILITY " + Capabilities.Of(session));
    }

    private static (string Name, string Password) Parse(CommandText command)
    {
        var reader = command.Read();
        reader.Space();
        var name = Encoding.UTF8.GetString(reader.AString());
        reader.Space();
        var password = Encoding.UTF8.GetString(reader.AString());
        reader.End();
        return (name, password);
    }
}
