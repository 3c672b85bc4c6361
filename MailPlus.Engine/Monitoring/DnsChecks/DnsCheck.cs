using MailPlus.Engine.Domains;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Monitoring.DnsChecks;

/// <summary>What of DNS is looked at.</summary>
public enum DnsSubject
{
    /// <summary>Where mail for the domain goes.</summary>
    Mx,

    /// <summary>Addresses of the server.</summary>
    Address,

    /// <summary>The name its address points back to.</summary>
    Pointer,

    /// <summary>Who may send for the domain (RFC 7208).</summary>
    Spf,

    /// <summary>Keys of signatures (RFC 6376).</summary>
    Dkim,

    /// <summary>What becomes of forged mail (RFC 7489).</summary>
    Dmarc,

    /// <summary>TLS on the way here (RFC 8461).</summary>
    MtaSts,

    /// <summary>The server's key in signed DNS (RFC 7672).</summary>
    Tlsa,

    /// <summary>Who may issue certificates (RFC 8659).</summary>
    Caa,

    /// <summary>Names that mail programs ask for settings.</summary>
    Autoconfig,

    /// <summary>Services of the domain (RFC 6186, RFC 8314).</summary>
    Srv,
}

/// <summary>Something to publish, exactly.</summary>
/// <param name="Type">Type of the record; "HTTPS" for a document at an address of the web.</param>
/// <param name="Name">Where.</param>
/// <param name="Value">What; "" where only the administrator knows: the server's public address.</param>
public sealed record AdvisedRecord(string Type, string Name, string Value);

/// <summary>One thing that was looked up.</summary>
/// <param name="Subject">What it is about.</param>
/// <param name="Type">Type of the records.</param>
/// <param name="Name">Where they are, or should be.</param>
/// <param name="Health">How it is. Good with something to publish: recommended, but nothing is wrong without it.</param>
/// <param name="TextKey">Key of what was seen, in DnsTexts.resx.</param>
public sealed record DnsCheck(DnsSubject Subject, string Type, string Name, Health Health, string TextKey)
{
    /// <summary>Values for the text's placeholders.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>What DNS says, a record each.</summary>
    public IReadOnlyList<string> Seen { get; init; } = [];

    /// <summary>What to publish.</summary>
    public IReadOnlyList<AdvisedRecord> Publish { get; init; } = [];

    /// <summary>False when DNS could not be asked.</summary>
    public bool IsAnswered { get; init; } = true;
}

/// <summary>A domain as DNS shows it at a moment.</summary>
/// <param name="Domain">The domain.</param>
/// <param name="Time">When it was looked at.</param>
/// <param name="Checks">By subject, the server's own first.</param>
public sealed record DomainReport(DomainId Domain, Instant Time, IReadOnlyList<DnsCheck> Checks);

/// <summary>A change of what DNS says, noticed when it was looked at.</summary>
/// <param name="Time">When it was noticed.</param>
/// <param name="Type">Type of the records.</param>
/// <param name="Name">Where.</param>
public sealed record DnsChange(Instant Time, string Type, string Name)
{
    /// <summary>What was there before; null when it was not looked at before.</summary>
    public IReadOnlyList<string>? Before { get; init; }

    /// <summary>What is there since.</summary>
    public IReadOnlyList<string> Now { get; init; } = [];
}
