using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Store.Contract;

/// <summary>A message to append.</summary>
/// <param name="Content">The body as received (mail-rules 12). The store reads it before the task completes and never keeps a reference.</param>
/// <param name="Summary">The result of the MIME pass over <paramref name="Content"/>.</param>
/// <param name="InternalDate">INTERNALDATE.</param>
public sealed record NewMessage(MessageContent Content, MessageSummary Summary, Instant InternalDate)
{
    /// <summary>Generated header fields (Return-Path, Received, Authentication-Results), CRLF-terminated, put before the body on reading. Frozen once stored.</summary>
    public ReadOnlyMemory<byte> Prefix { get; init; }

    /// <summary>Initial flags and keywords.</summary>
    public FlagSet Flags { get; init; } = FlagSet.None;

    /// <summary>System flags it is stored with: those asked for, and whether its headers hold UTF-8.</summary>
    public MessageFlags StoredFlags => (Flags.System & ~MessageFlags.Utf8Headers)
        | (Summary.HasUtf8Headers || !System.Text.Ascii.IsValid(Prefix.Span) ? MessageFlags.Utf8Headers : MessageFlags.None);
}

/// <summary>Where appended messages went, for UIDPLUS (RFC 4315).</summary>
/// <param name="Mailbox">The mailbox.</param>
/// <param name="UidValidity">Its UIDVALIDITY.</param>
/// <param name="Uids">UIDs in the order of the messages given.</param>
public sealed record AppendOutcome(MailboxId Mailbox, uint UidValidity, IReadOnlyList<Uid> Uids);

/// <summary>Names one delivery of one queue entry; a second delivery under the same key is a no-op (mail-rules 1).</summary>
/// <param name="Entry">The queue entry.</param>
/// <param name="Recipient">Normalised key of the recipient address.</param>
/// <param name="Action">What is done, e.g. "keep"; several actions of one recipient have several keys.</param>
public readonly record struct DeliveryKey(EntryId Entry, string Recipient, string Action);

/// <summary>How a flag change combines with the flags a message has.</summary>
public enum FlagOperation
{
    /// <summary>STORE FLAGS.</summary>
    Replace,

    /// <summary>STORE +FLAGS.</summary>
    Add,

    /// <summary>STORE -FLAGS.</summary>
    Remove,
}

/// <summary>A change of flags over a set of UIDs.</summary>
/// <param name="Uids">Whose flags; UIDs that are gone are passed over.</param>
/// <param name="Operation">Replace, add or remove.</param>
/// <param name="Flags">The flags.</param>
/// <param name="UnchangedSince">Only messages whose MODSEQ is at most this (RFC 7162 3.1.3), null for all.</param>
public sealed record FlagChange(UidSet Uids, FlagOperation Operation, FlagSet Flags, ModSeq? UnchangedSince = null);

/// <summary>What a flag change did.</summary>
/// <param name="State">The snapshot after the change.</param>
/// <param name="Modified">UIDs refused by UNCHANGEDSINCE.</param>
public sealed record FlagOutcome(MailboxState State, UidSet Modified)
{
    /// <summary>The snapshot that was changed: all that <see cref="State"/> differs in from it is this change's doing.</summary>
    public MailboxState? Before { get; init; }
}

/// <summary>Copied or moved messages, for COPYUID (RFC 4315, RFC 6851).</summary>
/// <param name="UidValidity">UIDVALIDITY of the target.</param>
/// <param name="Sources">UIDs in the source, ascending.</param>
/// <param name="Targets">UIDs in the target, same order.</param>
public sealed record CopyOutcome(uint UidValidity, IReadOnlyList<Uid> Sources, IReadOnlyList<Uid> Targets);

/// <summary>Which columns of a message a reader wants; the body is never read for them.</summary>
[Flags]
public enum MessageColumns
{
    /// <summary>Identity only.</summary>
    None = 0,

    /// <summary>ENVELOPE bytes.</summary>
    Envelope = 1,

    /// <summary>BODYSTRUCTURE bytes.</summary>
    BodyStructure = 2,

    /// <summary>BODY bytes.</summary>
    Body = 4,

    /// <summary>Subject, From, To, preview, date, attachments: what a list shows.</summary>
    Listing = 8,

    /// <summary>Message-ID and references.</summary>
    Threading = 16,

    /// <summary>The moment the message entered this mailbox (SAVEDATE, RFC 8514).</summary>
    SaveDate = 32,

    /// <summary>The whole message, prefix and body joined, when it is small enough to be kept in the database; <see cref="MessageRow.Content"/> is set for all.</summary>
    Content = 64,

    /// <summary>EMAILID and THREADID (RFC 8474).</summary>
    ObjectIds = 128,
}

/// <summary>Columns of one message.</summary>
/// <param name="Uid">UID.</param>
public sealed record MessageRow(Uid Uid)
{
    /// <summary>Ready ENVELOPE bytes when asked for.</summary>
    public ReadOnlyMemory<byte> Envelope { get; init; }

    /// <summary>Ready BODYSTRUCTURE bytes when asked for.</summary>
    public ReadOnlyMemory<byte> BodyStructure { get; init; }

    /// <summary>Ready BODY bytes when asked for.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The listing when asked for.</summary>
    public MessageListing? Listing { get; init; }

    /// <summary>Message-ID and references when asked for.</summary>
    public (string MessageId, IReadOnlyList<string> References)? Threading { get; init; }

    /// <summary>SAVEDATE when asked for.</summary>
    public Instant? SaveDate { get; init; }

    /// <summary>The same for all copies of a message in this account, never used again, when asked for (EMAILID, RFC 8474 5.1).</summary>
    public long EmailId { get; init; }

    /// <summary>The thread the message was put in when it came, when asked for (THREADID, RFC 8474 5.2).</summary>
    public long ThreadId { get; init; }

    /// <summary>The message when asked for.</summary>
    public StoredContent? Content { get; init; }
}

/// <summary>What a message list shows of a message.</summary>
public sealed record MessageListing(string Subject, string From, string FromAddress, string To, string Preview)
{
    /// <summary>Date header, null when absent.</summary>
    public Instant? Sent { get; init; }

    /// <summary>True when a part is an attachment.</summary>
    public bool HasAttachments { get; init; }
}

/// <summary>
/// A stored message as protocols see it: the frozen prefix followed by the body as received. <see cref="MessageContent.Length"/> is RFC822.SIZE.
/// Valid after the message is expunged until disposed.
/// </summary>
public abstract class StoredContent : MessageContent
{
    /// <summary>Octets of the generated prefix.</summary>
    public abstract int PrefixLength { get; }

    /// <summary>Octets of prefix and header block together, the empty line included.</summary>
    public abstract int HeaderLength { get; }
}

/// <summary>Storage used by an account.</summary>
/// <param name="Messages">Messages in all mailboxes.</param>
/// <param name="Octets">Sum of RFC822.SIZE per copy (mail-rules 4).</param>
public sealed record Usage(long Messages, long Octets);
