namespace MailPlus.Engine.Tls.Acme;

/// <summary>What stopped an order of a certificate.</summary>
public enum AcmeFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The directory does not answer.</summary>
    Unreachable,

    /// <summary>The directory said no.</summary>
    Refused,

    /// <summary>The directory wants fewer orders.</summary>
    RateLimited,

    /// <summary>The directory could not see that a name leads to this server.</summary>
    ChallengeFailed,

    /// <summary>The directory took too long.</summary>
    TimedOut,

    /// <summary>The certificate that came cannot be used.</summary>
    Unusable,
}

/// <summary>An order that failed, in the words of the directory where it gave some.</summary>
internal sealed class AcmeException(AcmeFault fault, string detail, Exception? cause = null) : Exception(detail, cause)
{
    private const int LongestDetail = 600;

    public AcmeFault Fault => fault;

    /// <summary>When the directory wants to be asked again; null when it did not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Words of a stranger, fit to be shown and logged.</summary>
    public static string Plain(string? text)
    {
        var plain = new string((text ?? "").Select(letter => char.IsControl(letter) ? ' ' : letter).Take(LongestDetail).ToArray());
        return plain.Trim();
    }
}
