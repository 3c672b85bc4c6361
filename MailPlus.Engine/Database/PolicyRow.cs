using System.ComponentModel.DataAnnotations;

namespace MailPlus.Engine.Database;

/// <summary>A user policy; its settings in the order of their numbers. States are Accounts.Policies.PolicySwitch.</summary>
internal sealed class PolicyRow
{
    public long Id { get; set; }

    [MaxLength(100)]
    public string Name { get; set; } = "";

    /// <summary>NFC, lower case.</summary>
    [MaxLength(100)]
    public string NameKey { get; set; } = "";

    /// <summary>Accounts.Policies.PolicyColor.</summary>
    public int Color { get; set; }

    /// <summary>The lowest stands highest; may be negative.</summary>
    public int Position { get; set; }

    public int Forwarding { get; set; }

    public int Messages { get; set; }

    public long MessagesValue { get; set; }

    public int Traffic { get; set; }

    public long TrafficValue { get; set; }

    public int Attachment { get; set; }

    public long AttachmentValue { get; set; }

    public bool InternalOnly { get; set; }

    public bool Imap { get; set; }

    public bool ImapLocalOnly { get; set; }

    public bool Pop3 { get; set; }

    public bool Pop3LocalOnly { get; set; }

    public bool Search { get; set; }
}

/// <summary>Whom a policy is meant for: an account or a group.</summary>
internal sealed class PolicyTargetRow
{
    public long Id { get; set; }

    public long PolicyId { get; set; }

    public long? AccountId { get; set; }

    public long? GroupId { get; set; }
}
