using System.Text;
using MailPlus.Engine.Accounts.Sasl;
using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>AUTHENTICATE (RFC 9051 6.2.2) with an initial response (RFC 4959): frames the exchanges of <see cref="SaslMechanisms"/>.</summary>
internal sealed class AuthenticateCommand() : ImapCommand("AUTHENTICATE", SessionStates.NotAuthenticated)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var (mechanism, initial) = Parse(command);
        var outcome = await session.With.Sasl.RunAsync(mechanism, initial, Channel(session), (challenge, token) => AskAsync(session, challenge, token), cancellationToken);
        switch (outcome.End)
        {
            case SaslEnd.SignedIn:
                await session.SignInAsync(outcome.Actor!, cancellationToken);
                return Completion.Ok("Logged in", "CAPABILITY " + Capabilities.Of(session));
            case SaslEnd.Refused when outcome.Refusal!.Kind == RefusalKind.NotAllowed:
                return Completion.No("Acting for others is not possible", "AUTHORIZATIONFAILED");
            case SaslEnd.Refused:
                throw new RefusedException(outcome.Refusal!);
            case SaslEnd.Cancelled:
                return Completion.Bad("Authentication cancelled");
            case SaslEnd.UnknownMechanism:
                return Completion.No("Unknown mechanism", "CANNOT");
            case SaslEnd.NeedsTls:
                return Completion.No("No passwords without TLS", "PRIVACYREQUIRED");
            default:
                return Completion.Bad("Invalid answer");
        }
    }

    /// <summary>The AUTH= words of CAPABILITY, each after a space.</summary>
    public static string Words(ImapSession session) => string.Concat(session.With.Sasl.Offered(Channel(session)).Select(name => " AUTH=" + name));

    private static SaslChannel Channel(ImapSession session) => SaslChannel.Of("imap", session.Connection, session.AllowsPasswords);

    private static (string Mechanism, string? Initial) Parse(CommandText command)
    {
        var reader = command.Read();
        reader.Space();
        var mechanism = reader.Word();
        if (reader.AtEnd)
        {
            return (mechanism, null);
        }

        reader.Space();
        return (mechanism, Encoding.Latin1.GetString(reader.Rest));
    }

    private static async ValueTask<string?> AskAsync(ImapSession session, string challenge, CancellationToken cancellationToken)
    {
        await session.ContinueAsync(challenge, cancellationToken);
        return Encoding.Latin1.GetString(await session.Input.ReadAnswerAsync(cancellationToken) ?? throw new EndOfStreamException("peer closed"));
    }
}
