using System.Text;
using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>AUTHENTICATE with PLAIN (RFC 4616) and LOGIN, initial response allowed (RFC 4959).</summary>
internal sealed class AuthenticateCommand() : ImapCommand("AUTHENTICATE", SessionStates.NotAuthenticated)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var (mechanism, initial) = Parse(command);
        if (mechanism is not ("PLAIN" or "LOGIN"))
        {
            return Completion.No("Unknown mechanism", "CANNOT");
        }

        if (!session.AllowsPasswords)
        {
            return Completion.No("No passwords without TLS", "PRIVACYREQUIRED");
        }

        if (mechanism == "PLAIN")
        {
            var parts = Encoding.UTF8.GetString(await AnswerAsync(session, initial, "", cancellationToken)).Split('\0');
            if (parts.Length != 3)
            {
                return Completion.Bad("Invalid answer");
            }

            return parts[0].Length > 0 && parts[0] != parts[1]
                ? Completion.No("Acting for others is not possible", "AUTHORIZATIONFAILED")
                : await LoginCommand.SignInAsync(session, parts[1], parts[2], cancellationToken);
        }

        // "Username:" and "Password:", which is all there ever was of a specification.
        var name = Encoding.UTF8.GetString(await AnswerAsync(session, initial, "VXNlcm5hbWU6", cancellationToken));
        var password = Encoding.UTF8.GetString(await AnswerAsync(session, null, "UGFzc3dvcmQ6", cancellationToken));
        return await LoginCommand.SignInAsync(session, name, password, cancellationToken);
    }

    private static (string Mechanism, byte[]? Initial) Parse(CommandText command)
    {
        var reader = command.Read();
        reader.Space();
        var mechanism = reader.Word();
        if (reader.AtEnd)
        {
            return (mechanism, null);
        }

        reader.Space();
        return (mechanism, reader.Rest.ToArray());
    }

    private static async ValueTask<byte[]> AnswerAsync(ImapSession session, byte[]? initial, string prompt, CancellationToken cancellationToken)
    {
        var answer = initial;
        if (answer is null)
        {
            await session.ContinueAsync(prompt, cancellationToken);
            answer = await session.Input.ReadAnswerAsync(cancellationToken) ?? throw new EndOfStreamException("peer closed");
        }

        if (answer.AsSpan().SequenceEqual("*"u8))
        {
            throw new SyntaxException("Authentication cancelled");
        }

        if (answer.AsSpan().SequenceEqual("="u8))
        {
            return [];
        }

        try
        {
            return Convert.FromBase64String(Encoding.ASCII.GetString(answer));
        }
        catch (FormatException)
        {
            throw new SyntaxException("Invalid base64");
        }
    }
}
