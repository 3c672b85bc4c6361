namespace MailPlus.Engine.Store.Contract;

/// <summary>An annotation of a mailbox or account (RFC 5464 3.1).</summary>
/// <param name="Entry">Its name, beginning with "/private" or "/shared"; compared without case, kept as first written.</param>
/// <param name="Value">Octets; null in a change removes it.</param>
public sealed record Annotation(string Entry, ReadOnlyMemory<byte>? Value)
{
    /// <summary>Only the account that set it sees it.</summary>
    public bool IsPrivate => Entry.StartsWith("/private", StringComparison.OrdinalIgnoreCase);
}
