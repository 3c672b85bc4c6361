using System.Net;

namespace MailPlus.Engine.MailAuth.Spf;

/// <summary>Which identity was checked (RFC 7208 2.3, 2.4).</summary>
public enum SpfIdentity
{
    /// <summary>The reverse-path.</summary>
    MailFrom,

    /// <summary>The HELO name, because the reverse-path is null.</summary>
    Helo,
}

/// <summary>What is asked: may this client send for this sender?</summary>
/// <param name="Client">The peer's address.</param>
/// <param name="Helo">What it called itself.</param>
/// <param name="Sender">The reverse-path as local@domain, "" for the null one.</param>
public sealed record SpfQuestion(IPAddress Client, string Helo, string Sender)
{
    /// <summary>This server's name, for the macro r.</summary>
    public string Receiver { get; init; } = "unknown";
}

/// <summary>The answer.</summary>
/// <param name="Result">Result of check_host (RFC 7208 2.6).</param>
/// <param name="Identity">What was checked.</param>
/// <param name="Domain">The domain asked; "" when there was none to ask.</param>
public sealed record SpfOutcome(AuthResult Result, SpfIdentity Identity, string Domain)
{
    /// <summary>The sender's own words for a fail (exp=), "" when there are none.</summary>
    public string Explanation { get; init; } = "";

    /// <summary>The mechanism that decided, "default" when none matched, "" when it did not come to that.</summary>
    public string Mechanism { get; init; } = "";

    /// <summary>Why it is an error, for logs.</summary>
    public string Detail { get; init; } = "";
}
