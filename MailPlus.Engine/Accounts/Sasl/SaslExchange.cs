using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Accounts.Sasl;

/// <summary>One exchange of one mechanism (RFC 4422 3). It sees octets only; how they travel is the protocol's affair.</summary>
internal abstract class SaslExchange
{
    /// <summary>What the server says when the client sent no initial response; empty for mechanisms in which the client speaks first.</summary>
    public virtual ReadOnlyMemory<byte> Opening => default;

    /// <summary>Takes a response.</summary>
    /// <exception cref="RefusedException">It ends in a no.</exception>
    /// <exception cref="SaslSyntaxException">The response does not follow the mechanism's grammar.</exception>
    public abstract ValueTask<SaslStep> TakeAsync(byte[] response, CancellationToken cancellationToken);
}

/// <summary>What follows a response.</summary>
/// <param name="Challenge">What to ask next.</param>
/// <param name="Actor">Who signed in; then nothing is asked.</param>
internal readonly record struct SaslStep(ReadOnlyMemory<byte> Challenge, Actor? Actor = null);

/// <summary>A response that is no response of the mechanism.</summary>
internal sealed class SaslSyntaxException() : Exception("malformed SASL response");

/// <summary>How an exchange ended.</summary>
public enum SaslEnd
{
    /// <summary>Somebody signed in.</summary>
    SignedIn,

    /// <summary>A no, with its refusal.</summary>
    Refused,

    /// <summary>The client gave up.</summary>
    Cancelled,

    /// <summary>Not base64, or not of the mechanism's grammar.</summary>
    Malformed,

    /// <summary>No such mechanism is offered here.</summary>
    UnknownMechanism,

    /// <summary>Not without TLS.</summary>
    NeedsTls,
}

/// <summary>The result of an exchange.</summary>
/// <param name="End">How it ended.</param>
public readonly record struct SaslOutcome(SaslEnd End)
{
    /// <summary>Who signed in.</summary>
    public Actor? Actor { get; init; }

    /// <summary>Why not, for Refused.</summary>
    public Refusal? Refusal { get; init; }
}

/// <summary>Sends a challenge, in base64, in a protocol's own frame and returns the client's line as it came; null when it was no line (too long, bare line ends).</summary>
public delegate ValueTask<string?> SaslAsk(string challenge, CancellationToken cancellationToken);
