using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Domains.DkimKeys;

/// <summary>A key: a row id of the system database.</summary>
public readonly record struct DkimKeyId(long Value);

/// <summary>What a key does (mail-rules 33).</summary>
public enum DkimKeyState
{
    /// <summary>It waits until DNS shows it.</summary>
    Pending,

    /// <summary>It signs.</summary>
    Active,

    /// <summary>It signs no more; its record stays a week for mail under way.</summary>
    Retired,
}

/// <summary>A TXT record to publish.</summary>
/// <param name="Name">Where.</param>
/// <param name="Value">What.</param>
public sealed record DkimRecord(string Name, string Value);

/// <summary>A key pair of a domain; the private half is never shown.</summary>
/// <param name="Id">Identity.</param>
/// <param name="Selector">Selector.</param>
/// <param name="State">What it does.</param>
public sealed record DkimKeyView(DkimKeyId Id, string Selector, DkimKeyState State)
{
    /// <summary>Algorithm.</summary>
    public DkimAlgorithm Algorithm { get; init; }

    /// <summary>Bits of an RSA key, 256 for Ed25519.</summary>
    public int Bits { get; init; }

    /// <summary>What p= says.</summary>
    public string PublicKey { get; init; } = "";

    /// <summary>When it was made.</summary>
    public Instant Created { get; init; }

    /// <summary>Until when its records have to stay, null while it is in use.</summary>
    public Instant? KeepUntil { get; init; }

    /// <summary>One for the domain and one for each additional domain (DOM-046).</summary>
    public IReadOnlyList<DkimRecord> Records { get; init; } = [];
}

/// <summary>DKIM of a domain.</summary>
/// <param name="Enabled">Outbound mail is signed (DOM-041).</param>
/// <param name="Keys">Keys, those that sign first.</param>
public sealed record DkimState(bool Enabled, IReadOnlyList<DkimKeyView> Keys);

/// <summary>What key to make.</summary>
public sealed record NewDkimKey
{
    /// <summary>Lengths an administrator may be shown; 512 is refused with the reason (mail-rules 31).</summary>
    public static IReadOnlyList<int> Lengths { get; } = [2048, 1024, 512];

    /// <summary>Algorithm.</summary>
    public DkimAlgorithm Algorithm { get; init; }

    /// <summary>Bits of an RSA key.</summary>
    public int Bits { get; init; } = 2048;

    /// <summary>Selector prefix; a number is put behind it when a key of that selector is there. "" takes "mailplus".</summary>
    public string Prefix { get; init; } = "";

    /// <summary>The old key of this algorithm is gone at once, instead of signing until DNS shows the new one (DOM-045).</summary>
    public bool ReplaceNow { get; init; }
}
