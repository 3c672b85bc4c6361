using System.ComponentModel.DataAnnotations;

namespace MailPlus.Engine.Database;

/// <summary>A saved version of all settings.</summary>
internal sealed class SettingsVersionRow
{
    public long Version { get; set; }

    /// <summary>UTC microseconds.</summary>
    public long Time { get; set; }

    [MaxLength(320)]
    public string Author { get; set; } = "";

    /// <summary>The snapshot as JSON, secrets included.</summary>
    public string Document { get; set; } = "";
}

/// <summary>A hosted domain.</summary>
internal sealed class DomainRow
{
    public long Id { get; set; }

    /// <summary>Lower-case A-labels: the key.</summary>
    [MaxLength(255)]
    public string Name { get; set; } = "";

    [MaxLength(255)]
    public string Unicode { get; set; } = "";

    [MaxLength(500)]
    public string Description { get; set; } = "";

    public long? PostmasterAccountId { get; set; }

    /// <summary>Gets what nobody else gets; null when nobody does.</summary>
    public long? CatchAllAccountId { get; set; }

    /// <summary>Outbound mail is signed.</summary>
    public bool SignsDkim { get; set; }

    /// <summary>Limits of users whose policy leaves it to the domain (Accounts.Policies.DomainLimits); null does not limit.</summary>
    public bool ForbidsForwarding { get; set; }

    public long? DailyMessages { get; set; }

    public long? DailyMegabytes { get; set; }

    public long? AttachmentMegabytes { get; set; }

    /// <summary>UTC microseconds.</summary>
    public long Created { get; set; }

    public List<AdditionalDomainRow> Additional { get; set; } = [];
}

/// <summary>A further name of a hosted domain.</summary>
internal sealed class AdditionalDomainRow
{
    public long Id { get; set; }

    public long DomainId { get; set; }

    /// <summary>Lower-case A-labels: the key.</summary>
    [MaxLength(255)]
    public string Name { get; set; } = "";
}

/// <summary>A key pair that signs mail of a domain.</summary>
internal sealed class DkimKeyRow
{
    public long Id { get; set; }

    public long DomainId { get; set; }

    [MaxLength(63)]
    public string Selector { get; set; } = "";

    /// <summary>Domains.DkimKeys.DkimAlgorithm.</summary>
    public int Algorithm { get; set; }

    public int Bits { get; set; }

    /// <summary>PKCS #8 of RSA, the seed of Ed25519; base64.</summary>
    public string PrivateKey { get; set; } = "";

    /// <summary>What p= says.</summary>
    public string PublicKey { get; set; } = "";

    /// <summary>Domains.DkimKeys.DkimKeyState.</summary>
    public int State { get; set; }

    /// <summary>UTC microseconds.</summary>
    public long Created { get; set; }

    /// <summary>UTC microseconds; since when it no longer signs.</summary>
    public long? Retired { get; set; }
}

/// <summary>An address that stands for others.</summary>
internal sealed class AliasRow
{
    public long Id { get; set; }

    public long DomainId { get; set; }

    [MaxLength(64)]
    public string LocalPart { get; set; } = "";

    /// <summary>EmailAddress.Key.</summary>
    [MaxLength(320)]
    public string AddressKey { get; set; } = "";

    public List<AliasMemberRow> Members { get; set; } = [];
}

/// <summary>One of those an alias stands for: an account, another alias, or an address elsewhere.</summary>
internal sealed class AliasMemberRow
{
    public long Id { get; set; }

    public long AliasId { get; set; }

    public long? AccountId { get; set; }

    public long? TargetId { get; set; }

    public AliasRow? Target { get; set; }

    /// <summary>Of an address elsewhere, "" for the others.</summary>
    [MaxLength(320)]
    public string Address { get; set; } = "";
}

/// <summary>An account.</summary>
internal sealed class AccountRow
{
    public long Id { get; set; }

    [MaxLength(320)]
    public string Name { get; set; } = "";

    /// <summary>NFC, lower case.</summary>
    [MaxLength(320)]
    public string NameKey { get; set; } = "";

    [MaxLength(200)]
    public string DisplayName { get; set; } = "";

    /// <summary>Display name, NFC, lower case, for searching and sorting: databases fold letters differently.</summary>
    [MaxLength(200)]
    public string DisplayKey { get; set; } = "";

    /// <summary>0 active, 1 deactivated.</summary>
    public int State { get; set; }

    /// <summary>Activation.ActivationChoice: what was chosen for this account itself.</summary>
    public int Activation { get; set; }

    /// <summary>Activation.ActivationReason: why State is what it is.</summary>
    public int Reason { get; set; }

    public bool IsDisabled { get; set; }

    /// <summary>Activation.AccountType.</summary>
    public int Source { get; set; }

    /// <summary>Its identity in the directory it comes from.</summary>
    [MaxLength(200)]
    public string? ExternalId { get; set; }

    public bool IsAdministrator { get; set; }

    public long? QuotaOctets { get; set; }

    public long? QuotaMessages { get; set; }

    [MaxLength(16)]
    public string Language { get; set; } = "";

    /// <summary>UTC microseconds.</summary>
    public long Created { get; set; }

    /// <summary>UTC microseconds.</summary>
    public long? LastSignIn { get; set; }

    /// <summary>Argon2id in PHC form.</summary>
    [MaxLength(300)]
    public string PasswordHash { get; set; } = "";

    /// <summary>SCRAM-SHA-256 verifier (RFC 5803 form), made with the password (mail-rules 22).</summary>
    [MaxLength(300)]
    public string ScramVerifier { get; set; } = "";

    /// <summary>Grows when the account's mail was restored, so that its mailboxes get new UIDVALIDITY (mail-rules 7).</summary>
    public long Generation { get; set; } = 1;

    public List<AddressRow> Addresses { get; set; } = [];
}

/// <summary>An address of an account.</summary>
internal sealed class AddressRow
{
    public long Id { get; set; }

    public long AccountId { get; set; }

    public long DomainId { get; set; }

    [MaxLength(64)]
    public string LocalPart { get; set; } = "";

    /// <summary>EmailAddress.Key.</summary>
    [MaxLength(320)]
    public string AddressKey { get; set; } = "";

    public bool IsPrimary { get; set; }
}

/// <summary>A signed-in browser.</summary>
internal sealed class WebSessionRow
{
    public long Id { get; set; }

    /// <summary>SHA-256 of the token in the cookie, hexadecimal: a stolen database gives no session.</summary>
    [MaxLength(64)]
    public string TokenHash { get; set; } = "";

    public long AccountId { get; set; }

    /// <summary>UTC microseconds.</summary>
    public long Created { get; set; }

    /// <summary>UTC microseconds.</summary>
    public long LastSeen { get; set; }

    [MaxLength(45)]
    public string Address { get; set; } = "";

    [MaxLength(300)]
    public string UserAgent { get; set; } = "";
}

/// <summary>An account that has something shared with another (RFC 4314); what, is in its own mail.</summary>
internal sealed class ShareRow
{
    public long Id { get; set; }

    public long OwnerId { get; set; }

    /// <summary>Null for anyone.</summary>
    public long? ReaderId { get; set; }
}

/// <summary>An installed licence key.</summary>
internal sealed class LicenceRow
{
    public long Id { get; set; }

    [MaxLength(64)]
    public string KeyId { get; set; } = "";

    /// <summary>The key as it was issued: verified again whenever seats are counted.</summary>
    [MaxLength(1000)]
    public string Token { get; set; } = "";

    /// <summary>UTC microseconds.</summary>
    public long Added { get; set; }
}

/// <summary>A group of accounts.</summary>
internal sealed class GroupRow
{
    public long Id { get; set; }

    [MaxLength(100)]
    public string Name { get; set; } = "";

    /// <summary>NFC, lower case.</summary>
    [MaxLength(100)]
    public string NameKey { get; set; } = "";

    [MaxLength(500)]
    public string Description { get; set; } = "";

    /// <summary>Activation.ActivationChoice.</summary>
    public int Activation { get; set; }

    /// <summary>Activation.AccountType.</summary>
    public int Source { get; set; }

    /// <summary>Its identity in the directory it comes from.</summary>
    [MaxLength(200)]
    public string? ExternalId { get; set; }
}

/// <summary>An account in a group.</summary>
internal sealed class GroupMemberRow
{
    public long GroupId { get; set; }

    public long AccountId { get; set; }
}

/// <summary>A named value the engine keeps for itself.</summary>
internal sealed class StateRow
{
    [MaxLength(100)]
    public string Name { get; set; } = "";

    public string Value { get; set; } = "";
}

/// <summary>A policy of MTA-STS that another domain published.</summary>
internal sealed class StsPolicyRow
{
    /// <summary>Lower-case A-labels.</summary>
    [MaxLength(255)]
    public string Domain { get; set; } = "";

    /// <summary>The id its TXT record announced.</summary>
    [MaxLength(32)]
    public string PolicyId { get; set; } = "";

    /// <summary>As fetched.</summary>
    public string Document { get; set; } = "";

    /// <summary>UTC microseconds.</summary>
    public long Fetched { get; set; }

    /// <summary>UTC microseconds.</summary>
    public long Expires { get; set; }
}

/// <summary>Outbound sessions of a day that ended alike as to TLS.</summary>
internal sealed class TlsResultRow
{
    public long Id { get; set; }

    /// <summary>Midnight, UTC microseconds.</summary>
    public long Day { get; set; }

    [MaxLength(255)]
    public string Domain { get; set; } = "";

    /// <summary>Smtp.Client.TlsPolicyKind.</summary>
    public int Policy { get; set; }

    /// <summary>Smtp.Client.TlsFault.</summary>
    public int Fault { get; set; }

    [MaxLength(255)]
    public string Host { get; set; } = "";

    [MaxLength(45)]
    public string Address { get; set; } = "";

    public long Sessions { get; set; }

    /// <summary>Of the last failure.</summary>
    [MaxLength(300)]
    public string Reason { get; set; } = "";
}

/// <summary>An event on its way to the log, written with the change it tells of.</summary>
internal sealed class OutboxRow
{
    public long Id { get; set; }

    public string Payload { get; set; } = "";
}
