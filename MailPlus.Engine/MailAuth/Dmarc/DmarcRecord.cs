namespace MailPlus.Engine.MailAuth.Dmarc;

/// <summary>What a domain asks to be done with mail that fails.</summary>
public enum DmarcPolicy
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Treat it as suspicious.</summary>
    Quarantine,

    /// <summary>Refuse it.</summary>
    Reject,
}

/// <summary>A policy record (RFC 7489 6.3; test mode as in its successor, mail-rules 36).</summary>
/// <param name="Policy">p=.</param>
internal sealed record DmarcRecord(DmarcPolicy Policy)
{
    private const int Longest = 4096;

    /// <summary>sp=, by default p=.</summary>
    public DmarcPolicy SubdomainPolicy { get; init; }

    /// <summary>adkim=s.</summary>
    public bool StrictDkim { get; init; }

    /// <summary>aspf=s.</summary>
    public bool StrictSpf { get; init; }

    /// <summary>t=y, or the legacy pct=0: the policy is tried out and applies one step weaker.</summary>
    public bool IsTest { get; init; }

    /// <summary>rua= is there.</summary>
    public bool WantsReports { get; init; }

    /// <summary>Reads a TXT record; null when it is no policy.</summary>
    public static DmarcRecord? Read(string text)
    {
        if (text.Length > Longest)
        {
            return null;
        }

        var tags = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in text.Split(';'))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var name = (equals < 0 ? part : part[..equals]).Trim();
            if (tags.Count == 0 && (name != "v" || equals < 0 || part[(equals + 1)..].Trim() != "DMARC1"))
            {
                return null; // 6.3: the version comes first
            }

            if (equals >= 0)
            {
                tags.TryAdd(name, part[(equals + 1)..].Trim());
            }
        }

        var reports = tags.GetValueOrDefault("rua", "").Contains(':', StringComparison.Ordinal);
        if (Policies(tags, "p") is not { } policy)
        {
            if (!reports)
            {
                return null; // 6.6.3
            }

            policy = DmarcPolicy.None;
        }

        return new DmarcRecord(policy)
        {
            SubdomainPolicy = Policies(tags, "sp") ?? policy,
            StrictDkim = Is(tags, "adkim", "s"),
            StrictSpf = Is(tags, "aspf", "s"),
            IsTest = Is(tags, "t", "y") || Is(tags, "pct", "0"),
            WantsReports = reports,
        };
    }

    private static bool Is(Dictionary<string, string> tags, string name, string value) => tags.GetValueOrDefault(name, "").Equals(value, StringComparison.OrdinalIgnoreCase);

    private static DmarcPolicy? Policies(Dictionary<string, string> tags, string name) => tags.GetValueOrDefault(name, "").ToLowerInvariant() switch
    {
        "none" => DmarcPolicy.None,
        "quarantine" => DmarcPolicy.Quarantine,
        "reject" => DmarcPolicy.Reject,
        _ => null,
    };
}
