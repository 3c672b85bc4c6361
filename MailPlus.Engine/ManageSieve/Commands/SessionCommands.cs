using MailPlus.Engine.Accounts.Sasl;
using MailPlus.Engine.ManageSieve.Server;
using MailPlus.Engine.ManageSieve.Wire;

namespace MailPlus.Engine.ManageSieve.Commands;

/// <summary>AUTHENTICATE (RFC 5804 2.1): frames the exchanges of <see cref="SaslMechanisms"/>.</summary>
internal sealed class AuthenticateCommand() : ManageSieveCommand("AUTHENTICATE", ManageSieveStage.Before)
{
    public override async ValueTask<ManageSieveReply?> RunAsync(ManageSieveSession session, IReadOnlyList<SieveWord> words, CancellationToken aborted)
    {
        if (words.Count is not (1 or 2) || !words.All(word => word.IsText))
        {
            return WrongArguments;
        }

        // An initial response that is empty is written as an empty string here, as "=" elsewhere.
        var initial = words.Count < 2 ? null : words[1].Octets.IsEmpty ? "=" : words[1].Text;
        var outcome = await session.Door.Sasl.RunAsync(words[0].Text, initial, session.Channel, (challenge, _) => AskAsync(session, challenge), aborted);
        return outcome.End switch
        {
            SaslEnd.SignedIn => session.SignIn(outcome.Actor!),
            SaslEnd.Refused => session.Failed(outcome.Refusal!),
            SaslEnd.Cancelled => ManageSieveReply.No("Cancelled"),
            SaslEnd.UnknownMechanism => ManageSieveReply.No("This mechanism is not offered"),
            SaslEnd.NeedsTls => ManageSieveReply.No("No passwords without TLS; use STARTTLS", "ENCRYPT-NEEDED"), // mail-rules 20
            _ => ManageSieveReply.No("The answer is malformed"),
        };
    }

    private static ValueTask<string?> AskAsync(ManageSieveSession session, string challenge)
    {
        session.Line(ManageSieveReply.Quoted(challenge));
        return session.ReadTextAsync();
    }
}

/// <summary>STARTTLS (RFC 5804 2.2).</summary>
internal sealed class StartTlsCommand() : ManageSieveCommand("STARTTLS", ManageSieveStage.Before)
{
    public override async ValueTask<ManageSieveReply?> RunAsync(ManageSieveSession session, IReadOnlyList<SieveWord> words, CancellationToken aborted)
    {
        if (words.Count > 0)
        {
            return WrongArguments;
        }

        if (session.Connection.IsTls)
        {
            return ManageSieveReply.No("TLS is on already");
        }

        await session.StartTlsAsync(aborted);
        return null;
    }
}

/// <summary>LOGOUT (RFC 5804 2.3).</summary>
internal sealed class LogoutCommand() : ManageSieveCommand("LOGOUT", ManageSieveStage.Any)
{
    /// <summary>The text after which the connection ends.</summary>
    public const string Farewell = "Goodbye";

    public override ValueTask<ManageSieveReply?> RunAsync(ManageSieveSession session, IReadOnlyList<SieveWord> words, CancellationToken aborted) =>
        new(words.Count > 0 ? WrongArguments : ManageSieveReply.Ok(Farewell));
}

/// <summary>CAPABILITY (RFC 5804 2.4).</summary>
internal sealed class CapabilityCommand() : ManageSieveCommand("CAPABILITY", ManageSieveStage.Any)
{
    public override ValueTask<ManageSieveReply?> RunAsync(ManageSieveSession session, IReadOnlyList<SieveWord> words, CancellationToken aborted)
    {
        if (words.Count > 0)
        {
            return new(WrongArguments);
        }

        session.Capabilities();
        return new(ManageSieveReply.Ok("Done"));
    }
}

/// <summary>NOOP (RFC 5804 2.13).</summary>
internal sealed class NoopCommand() : ManageSieveCommand("NOOP", ManageSieveStage.Any)
{
    public override ValueTask<ManageSieveReply?> RunAsync(ManageSieveSession session, IReadOnlyList<SieveWord> words, CancellationToken aborted) => new(words switch
    {
        [] => ManageSieveReply.Ok("Done"),
        [{ IsText: true } tag] => ManageSieveReply.Ok("Done", $"TAG {ManageSieveReply.Quoted(tag.Text)}"),
        _ => WrongArguments,
    });
}

/// <summary>UNAUTHENTICATE (RFC 5804 2.14.1).</summary>
internal sealed class UnauthenticateCommand() : ManageSieveCommand("UNAUTHENTICATE", ManageSieveStage.After)
{
    public override ValueTask<ManageSieveReply?> RunAsync(ManageSieveSession session, IReadOnlyList<SieveWord> words, CancellationToken aborted)
    {
        if (words.Count > 0)
        {
            return new(WrongArguments);
        }

        session.SignOut();
        return new(ManageSieveReply.Ok("Signed out"));
    }
}
