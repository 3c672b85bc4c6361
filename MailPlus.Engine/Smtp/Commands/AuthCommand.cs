using System.Buffers;
using System.Text;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Net.Lines;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Smtp.Server;
using MailPlus.Engine.Smtp.Wire;

namespace MailPlus.Engine.Smtp.Commands;

/// <summary>AUTH PLAIN (RFC 4616) and LOGIN, with or without initial response (RFC 4954).</summary>
internal sealed class AuthCommand : SmtpCommand
{
    private const int MostFailures = 3;

    private static readonly SmtpReply AskForAnything = new(334, null, "");
    private static readonly SmtpReply AskForName = new(334, null, "VXNlcm5hbWU6");
    private static readonly SmtpReply AskForPassword = new(334, null, "UGFzc3dvcmQ6");
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public override SmtpVerb Verb => SmtpVerb.Auth;

    public override SmtpStage Allowed => SmtpStage.Ready;

    public override async ValueTask<SmtpReply?> RunAsync(SmtpSession session, string argument, CancellationToken aborted)
    {
        if (!session.MayAuthenticate)
        {
            return SmtpReplies.EncryptionRequired;
        }

        if (session.Actor is not null)
        {
            return SmtpReplies.AuthenticatedAlready;
        }

        var words = argument.Split(' ', 3, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length is 0 or > 2)
        {
            return SmtpReplies.BadParameter;
        }

        var initial = words.Length == 2 ? words[1] : null;
        return words[0].ToUpperInvariant() switch
        {
            "PLAIN" => await PlainAsync(session, initial, aborted),
            "LOGIN" => await LoginAsync(session, initial, aborted),
            _ => SmtpReplies.UnknownMechanism,
        };
    }

    protected override SmtpReply OutOfOrder(SmtpStage stage) => stage == SmtpStage.Start ? SmtpReplies.HelloFirst : SmtpReplies.InTransaction;

    private static async ValueTask<SmtpReply?> PlainAsync(SmtpSession session, string? initial, CancellationToken aborted)
    {
        var (text, fault) = await TakeAsync(session, initial, AskForAnything);
        if (text is null)
        {
            return fault;
        }

        var parts = text.Split('\0');
        if (parts.Length != 3 || parts[1].Length == 0)
        {
            return SmtpReplies.BadBase64;
        }

        // To act for somebody else is nothing we grant here.
        return parts[0].Length > 0 && !parts[0].Equals(parts[1], StringComparison.OrdinalIgnoreCase)
            ? await FailAsync(session, null)
            : await CheckAsync(session, parts[1], parts[2], aborted);
    }

    private static async ValueTask<SmtpReply?> LoginAsync(SmtpSession session, string? initial, CancellationToken aborted)
    {
        var (name, nameFault) = await TakeAsync(session, initial, AskForName);
        if (name is null)
        {
            return nameFault;
        }

        var (password, fault) = await TakeAsync(session, null, AskForPassword);
        return password is null ? fault : await CheckAsync(session, name, password, aborted);
    }

    private static async ValueTask<SmtpReply?> CheckAsync(SmtpSession session, string name, string password, CancellationToken aborted)
    {
        try
        {
            var credential = new PasswordCredential(name, password, "smtp", session.Connection.Remote.Address);
            session.SignIn(await session.Door.Authenticator.AuthenticateAsync(credential, aborted));
            return SmtpReplies.Authenticated;
        }
        catch (RefusedException refused)
        {
            return await FailAsync(session, refused.Refusal);
        }
    }

    private static ValueTask<SmtpReply?> FailAsync(SmtpSession session, Refusal? refusal)
    {
        session.AuthenticationFailures++;
        return Reply(
            session.AuthenticationFailures >= MostFailures ? SmtpReplies.TooManyFailures(session.Hostname)
            : refusal is null or { Kind: RefusalKind.AuthenticationFailed } ? SmtpReplies.AuthenticationFailed
            : SmtpReplies.For(refusal, SmtpStep.Auth));
    }

    /// <summary>The initial response, or the answer to a challenge, decoded; or the reply that ends the exchange.</summary>
    private static async ValueTask<(string? Text, SmtpReply? Fault)> TakeAsync(SmtpSession session, string? initial, SmtpReply challenge)
    {
        var encoded = initial;
        if (encoded is null)
        {
            session.Write(challenge);
            var read = await session.Input.ReadLineAsync(static line => Encoding.Latin1.GetString(line), session.Connection.Closing);
            if (read.IsEnd)
            {
                throw new IOException("the peer left inside AUTH");
            }

            if (read.Status != LineStatus.Complete)
            {
                return (null, SmtpReplies.BadBase64);
            }

            encoded = read.Value!;
            if (encoded == "*")
            {
                return (null, SmtpReplies.AuthenticationCancelled);
            }
        }

        return Decode(encoded) is { } text ? (text, null) : (null, SmtpReplies.BadBase64);
    }

    /// <summary>"=" is an empty initial response (RFC 4954 4).</summary>
    private static string? Decode(string encoded)
    {
        if (encoded is "=" or "")
        {
            return "";
        }

        var octets = ArrayPool<byte>.Shared.Rent(encoded.Length);
        try
        {
            return Convert.TryFromBase64String(encoded, octets, out var length) ? Strict.GetString(octets, 0, length) : null;
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(octets, clearArray: true);
        }
    }
}
