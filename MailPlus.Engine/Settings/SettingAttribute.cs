namespace MailPlus.Engine.Settings;

/// <summary>Marks a section property as a setting an administrator may change: storage, validation, REST, form, labels and diff come from it (design rule 3).</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SettingAttribute : Attribute
{
    /// <summary>Unit shown beside the field: "octets", "seconds", "days", "port"… Null for none.</summary>
    public string? Unit { get; init; }

    /// <summary>Smallest allowed number.</summary>
    public double Minimum { get; init; } = double.NaN;

    /// <summary>Largest allowed number.</summary>
    public double Maximum { get; init; } = double.NaN;

    /// <summary>Longest allowed text in characters.</summary>
    public int MaximumLength { get; init; } = 1000;

    /// <summary>A wrong value can shut an administrator or everybody's mail programs out: forms offer to take it back unless it is confirmed.</summary>
    public bool LocksOut { get; init; }

    /// <summary>A password or key: never shown again, masked in diffs and logs.</summary>
    public bool Secret { get; init; }
}
