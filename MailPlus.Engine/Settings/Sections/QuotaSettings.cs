namespace MailPlus.Engine.Settings.Sections;

/// <summary>Storage quota.</summary>
public sealed record QuotaSettings
{
    /// <summary>Octets an account may store unless its own quota says otherwise; 0 is unlimited.</summary>
    [Setting(Unit = "octets", Minimum = 0, Maximum = 1e16)]
    public long DefaultOctets { get; init; }

    /// <summary>Messages an account may store unless its own quota says otherwise; 0 is unlimited.</summary>
    [Setting(Minimum = 0, Maximum = 1e12)]
    public long DefaultMessages { get; init; }
}
