namespace MailPlus.Engine.Settings.Sections;

/// <summary>An entry of a list that a setting holds: it has a name, unique in its list.</summary>
public interface INamedRule
{
    /// <summary>What people call it.</summary>
    string Name { get; }
}

/// <summary>An entry that holds a password.</summary>
internal interface ISecretRule : INamedRule
{
    /// <summary>The password; "" for none.</summary>
    string Secret { get; }

    /// <summary>The same entry with another password.</summary>
    ISecretRule WithSecret(string secret);
}

/// <summary>What a rule of the black or white list looks at (DEL-064 to DEL-068).</summary>
public enum AccessKind
{
    /// <summary>The sender of the envelope; <c>*</c> stands for any characters.</summary>
    Sender,

    /// <summary>A recipient of the envelope; <c>*</c> stands for any characters.</summary>
    Recipient,

    /// <summary>The client's address.</summary>
    Ip,

    /// <summary>The network the client's address lies in.</summary>
    Subnet,

    /// <summary>The domain of the sender; white list only.</summary>
    Domain,
}

/// <summary>What a hit in the black list does (DEL-071).</summary>
public enum AccessAction
{
    /// <summary>Refused: the sender is told.</summary>
    Reject,

    /// <summary>Taken and thrown away: nobody is told.</summary>
    Discard,
}

/// <summary>A rule of the black or white list.</summary>
public sealed record AccessRule : INamedRule
{
    /// <inheritdoc/>
    public string Name { get; init; } = "";

    /// <summary>What it looks at.</summary>
    public AccessKind Kind { get; init; }

    /// <summary>What it looks for.</summary>
    public string Match { get; init; } = "";

    /// <summary>What a hit does; without meaning in the white list.</summary>
    public AccessAction Action { get; init; }

    /// <summary>Off, it stays in the list and does nothing (DEL-074).</summary>
    public bool Enabled { get; init; } = true;
}

/// <summary>Another mail server that may send on through this one (DEL-151).</summary>
public sealed record TrustedHost : INamedRule
{
    /// <inheritdoc/>
    public string Name { get; init; } = "";

    /// <summary>Its address, or its network.</summary>
    public string Network { get; init; } = "";
}

/// <summary>A domain of another mail server for which mail is taken and passed on (DEL-154, mail-rules 16).</summary>
public sealed record RelayDomain : INamedRule
{
    /// <inheritdoc/>
    public string Name { get; init; } = "";

    /// <summary>The domain.</summary>
    public string Domain { get; init; } = "";

    /// <summary>The server that has its mailboxes: host name or address.</summary>
    public string Host { get; init; } = "";

    /// <summary>Its port.</summary>
    public int Port { get; init; } = 25;

    /// <summary>TLS towards it.</summary>
    public RelaySecurity Security { get; init; }

    /// <summary>Recipients that exist; empty asks the server before mail is taken.</summary>
    public IReadOnlyList<string> Recipients { get; init; } = [];
}

/// <summary>By what a relay rule chooses mail.</summary>
public enum RelayBy
{
    /// <summary>By whom it goes to (DEL-141).</summary>
    Recipient,

    /// <summary>By whom it comes from (DEL-142).</summary>
    Sender,
}

/// <summary>Mail of certain addresses or domains goes through a relay host of its own (DEL-140).</summary>
public sealed record RelayRule : ISecretRule
{
    /// <inheritdoc/>
    public string Name { get; init; } = "";

    /// <summary>By what it chooses mail.</summary>
    public RelayBy By { get; init; }

    /// <summary>Mail addresses and domains.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>The relay host.</summary>
    public string Host { get; init; } = "";

    /// <summary>Its port.</summary>
    public int Port { get; init; } = 25;

    /// <summary>TLS towards it.</summary>
    public RelaySecurity Security { get; init; }

    /// <summary>Its certificate must verify.</summary>
    public bool VerifyCertificate { get; init; } = true;

    /// <summary>User name there; empty for none.</summary>
    public string User { get; init; } = "";

    /// <summary>Password there.</summary>
    public string Password { get; init; } = "";

    /// <inheritdoc/>
    string ISecretRule.Secret => Password;

    /// <inheritdoc/>
    ISecretRule ISecretRule.WithSecret(string secret) => this with { Password = secret };
}
