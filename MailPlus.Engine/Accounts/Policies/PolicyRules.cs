using System.Text.Json.Serialization;

namespace MailPlus.Engine.Accounts.Policies;

/// <summary>State of policies 01 to 04 (ACC-54).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PolicySwitch>))]
public enum PolicySwitch
{
    /// <summary>The setting of the user's domain decides.</summary>
    ByDomain,

    /// <summary>In force, with a value of its own.</summary>
    On,

    /// <summary>Not in force, whatever the domain says.</summary>
    Off,
}

/// <summary>A limit with its state.</summary>
/// <param name="State">Who decides.</param>
/// <param name="Value">The value when it is on; 0 is no limit (ACC-61, ACC-62).</param>
public readonly record struct PolicyLimit(PolicySwitch State, long Value = 0)
{
    /// <summary>The limit in force, null for none.</summary>
    public long? Resolve(long? ofDomain)
    {
        var value = State switch { PolicySwitch.On => Value, PolicySwitch.Off => null, _ => ofDomain };
        return value is 0 ? null : value;
    }
}

/// <summary>The ten settings of a policy (ACC-60 to ACC-69). As made they are those of the default policy.</summary>
public sealed record PolicyRules
{
    /// <summary>Those of everybody no custom policy covers (ACC-52).</summary>
    public static PolicyRules Default { get; } = new();

    /// <summary>01: mail may not be forwarded automatically; by hand it always may.</summary>
    public PolicySwitch ForbidForwarding { get; init; }

    /// <summary>02: messages to others outside a day.</summary>
    public PolicyLimit DailyMessages { get; init; }

    /// <summary>03: megabytes to others outside a day.</summary>
    public PolicyLimit DailyMegabytes { get; init; }

    /// <summary>04: megabytes of one attachment.</summary>
    public PolicyLimit AttachmentMegabytes { get; init; }

    /// <summary>05: mail goes to people here only.</summary>
    public bool InternalOnly { get; init; }

    /// <summary>06: IMAP may be used.</summary>
    public bool Imap { get; init; } = true;

    /// <summary>07: by IMAP only from the local network.</summary>
    public bool ImapLocalOnly { get; init; }

    /// <summary>08: POP3 may be used.</summary>
    public bool Pop3 { get; init; } = true;

    /// <summary>09: by POP3 only from the local network.</summary>
    public bool Pop3LocalOnly { get; init; }

    /// <summary>10: mail is indexed for full-text search.</summary>
    public bool Search { get; init; } = true;
}

/// <summary>What a domain limits its users to, where their policy leaves it to the domain (DOM-092 to DOM-095). Null is not limited; 0 neither.</summary>
public sealed record DomainLimits
{
    /// <summary>Limits nothing.</summary>
    public static DomainLimits None { get; } = new();

    /// <summary>Mail may not be forwarded automatically (DOM-093).</summary>
    public bool ForbidForwarding { get; init; }

    /// <summary>Messages to others outside a day (DOM-094).</summary>
    public long? DailyMessages { get; init; }

    /// <summary>Megabytes to others outside a day (DOM-095).</summary>
    public long? DailyMegabytes { get; init; }

    /// <summary>Megabytes of one attachment (DOM-092).</summary>
    public long? AttachmentMegabytes { get; init; }
}

/// <summary>What is in force for an account: its one policy, with what the policy leaves to the domain looked up.</summary>
/// <param name="Rules">The policy.</param>
/// <param name="Domain">What the domain says.</param>
public readonly record struct PolicyInForce(PolicyRules Rules, DomainLimits Domain)
{
    private const long Megabyte = 1024 * 1024;

    /// <summary>Mail may be forwarded automatically.</summary>
    public bool MayForward => Rules.ForbidForwarding switch { PolicySwitch.On => false, PolicySwitch.Off => true, _ => !Domain.ForbidForwarding };

    /// <summary>Messages a day to others outside, null for any number.</summary>
    public long? DailyMessages => Rules.DailyMessages.Resolve(Domain.DailyMessages);

    /// <summary>Octets a day to others outside, null for any number.</summary>
    public long? DailyOctets => Rules.DailyMegabytes.Resolve(Domain.DailyMegabytes) * Megabyte;

    /// <summary>Octets of one attachment, null for any number. What the domain says is about mail that leaves (ACC-63).</summary>
    public long? AttachmentOctets(bool leaves) => Rules.AttachmentMegabytes.Resolve(leaves ? Domain.AttachmentMegabytes : null) * Megabyte;
}
