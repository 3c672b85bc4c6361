using System.Text;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Tls;

namespace MailPlus.Engine.Accounts.Sasl;

/// <summary>
/// SASL for every protocol: what is offered on a channel, and the exchange itself (RFC 4422). SMTP, IMAP and POP3 only frame it. A mechanism is named only where
/// it can succeed (mail-rules 22): SCRAM where verifiers are kept, -PLUS where there is a binding, EXTERNAL where the peer showed a trusted certificate, tokens
/// where somebody checks them.
/// </summary>
public sealed class SaslMechanisms(IAuthenticator authenticator)
{
    private const int MostSteps = 8;
    private const int LongestResponse = 12 * 1024;
    private const string Plus = "SCRAM-SHA-256-PLUS";

    /// <summary>The gate of proofs that are no passwords; null leaves PLAIN and LOGIN only.</summary>
    public SignInGate? Gate { get; init; }

    /// <summary>The key that makes salts of names nobody has; empty switches SCRAM off.</summary>
    public ReadOnlyMemory<byte> ScramSecret { get; init; }

    /// <summary>Judges client certificates; null for nobody.</summary>
    public ClientAuthorities? Authorities { get; init; }

    /// <summary>Checks tokens; null for nobody.</summary>
    public ITokenCheck? Tokens { get; init; }

    /// <summary>Names of what can be used on a channel now, the strongest first; none where secrets may not be said.</summary>
    public IReadOnlyList<string> Offered(SaslChannel channel)
    {
        if (!channel.IsProtected)
        {
            return [];
        }

        var names = new List<string>();
        if (Gate is not null)
        {
            if (Authorities is { } authorities && channel.ClientCertificate is { } certificate && authorities.AddressesOf(certificate).Count > 0)
            {
                names.Add("EXTERNAL");
            }

            if (!ScramSecret.IsEmpty)
            {
                if (!channel.EndPointBinding.IsEmpty)
                {
                    names.Add(Plus);
                }

                names.Add("SCRAM-SHA-256");
            }

            if (Tokens is { IsConfigured: true })
            {
                names.Add("OAUTHBEARER");
                names.Add("XOAUTH2");
            }
        }

        names.Add("PLAIN");
        names.Add("LOGIN");
        return names;
    }

    /// <summary>Runs an exchange to its end.</summary>
    /// <param name="mechanism">The name the client gave, in any case.</param>
    /// <param name="initial">Its initial response in base64, "=" for an empty one, null for none (RFC 4422 3, RFC 4954 4, RFC 4959, RFC 5034 4).</param>
    /// <param name="channel">The channel.</param>
    /// <param name="ask">Asks the client.</param>
    /// <param name="cancellationToken">Ends waiting.</param>
    public async ValueTask<SaslOutcome> RunAsync(string mechanism, string? initial, SaslChannel channel, SaslAsk ask, CancellationToken cancellationToken)
    {
        if (!channel.IsProtected)
        {
            return new SaslOutcome(SaslEnd.NeedsTls);
        }

        var name = mechanism.ToUpperInvariant();
        if (!Offered(channel).Contains(name))
        {
            return new SaslOutcome(SaslEnd.UnknownMechanism);
        }

        try
        {
            return await RunAsync(Begin(name, channel), initial, ask, cancellationToken);
        }
        catch (SaslSyntaxException)
        {
            return new SaslOutcome(SaslEnd.Malformed);
        }
        catch (RefusedException refused)
        {
            return new SaslOutcome(SaslEnd.Refused) { Refusal = refused.Refusal };
        }
    }

    private static async ValueTask<SaslOutcome> RunAsync(SaslExchange exchange, string? initial, SaslAsk ask, CancellationToken cancellationToken)
    {
        var challenge = exchange.Opening;
        var line = initial;
        for (var step = 0; step < MostSteps; step++)
        {
            line ??= await ask(Convert.ToBase64String(challenge.Span), cancellationToken);
            if (line == "*")
            {
                return new SaslOutcome(SaslEnd.Cancelled);
            }

            var next = await exchange.TakeAsync(Decode(line), cancellationToken);
            if (next.Actor is { } actor)
            {
                return new SaslOutcome(SaslEnd.SignedIn) { Actor = actor };
            }

            (challenge, line) = (next.Challenge, null);
        }

        throw new SaslSyntaxException();
    }

    private static byte[] Decode(string? line)
    {
        if (line is "" or "=")
        {
            return [];
        }

        if (line is null || line.Length > LongestResponse)
        {
            throw new SaslSyntaxException();
        }

        var octets = new byte[line.Length];
        return Convert.TryFromBase64String(line, octets, out var length) ? octets[..length] : throw new SaslSyntaxException();
    }

    private SaslExchange Begin(string name, SaslChannel channel) => name switch
    {
        "PLAIN" => new PlainExchange(authenticator, channel),
        "LOGIN" => new LoginExchange(authenticator, channel),
        "SCRAM-SHA-256" => new ScramExchange(Gate!, ScramSecret, channel) { SaysPlus = !channel.EndPointBinding.IsEmpty },
        Plus => new ScramExchange(Gate!, ScramSecret, channel) { Binds = true },
        "EXTERNAL" => new ExternalExchange(Gate!, Authorities!.AddressesOf(channel.ClientCertificate!), channel),
        "OAUTHBEARER" => new TokenExchange(Gate!, Tokens!, channel) { HasHeader = true },
        _ => new TokenExchange(Gate!, Tokens!, channel),
    };
}

/// <summary>Text in responses: UTF-8 without malformed octets.</summary>
internal static class SaslText
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a response.</summary>
    /// <exception cref="SaslSyntaxException">Not UTF-8.</exception>
    public static string Read(ReadOnlySpan<byte> octets)
    {
        try
        {
            return Strict.GetString(octets);
        }
        catch (DecoderFallbackException)
        {
            throw new SaslSyntaxException();
        }
    }

    /// <summary>Nobody acts for somebody else here: an authorization identity is empty or names the same one.</summary>
    /// <exception cref="RefusedException">NotAllowed.</exception>
    public static void RequireSelf(string authorization, string authentication)
    {
        if (authorization.Length > 0 && !authorization.Equals(authentication, StringComparison.OrdinalIgnoreCase))
        {
            throw new RefusedException(new Refusal(RefusalKind.NotAllowed, "ActingForOthers"));
        }
    }
}
