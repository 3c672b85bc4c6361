using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Store.Contract;

/// <summary>Special use of a mailbox (RFC 6154).</summary>
public enum SpecialUse
{
    /// <summary>None.</summary>
    None,

    /// <summary>\Drafts.</summary>
    Drafts,

    /// <summary>\Sent.</summary>
    Sent,

    /// <summary>\Junk.</summary>
    Junk,

    /// <summary>\Trash.</summary>
    Trash,

    /// <summary>\Archive.</summary>
    Archive,
}

/// <summary>
/// A mailbox and its counters, all answered without looking at messages.
/// </summary>
/// <param name="Id">Identity; survives renames.</param>
/// <param name="Name">Full name in Unicode with '/' as hierarchy delimiter; "INBOX" in capitals.</param>
/// <param name="UidValidity">UIDVALIDITY (RFC 3501 2.3.1.1).</param>
/// <param name="UidNext">The UID the next message gets.</param>
/// <param name="HighestModSeq">MODSEQ of the mailbox's last change, expunges included (mail-rules 6).</param>
public sealed record Mailbox(MailboxId Id, string Name, uint UidValidity, Uid UidNext, ModSeq HighestModSeq)
{
    /// <summary>Messages in it.</summary>
    public int Messages { get; init; }

    /// <summary>Messages without \Seen.</summary>
    public int Unseen { get; init; }

    /// <summary>Messages with \Deleted.</summary>
    public int Deleted { get; init; }

    /// <summary>Sum of RFC822.SIZE in octets.</summary>
    public long Size { get; init; }

    /// <summary>UIDs from here on are \Recent to the next SELECT (mail-rules 10).</summary>
    public Uid FirstRecent { get; init; }

    /// <summary>Special use.</summary>
    public SpecialUse SpecialUse { get; init; }

    /// <summary>In the subscription list.</summary>
    public bool Subscribed { get; init; }

    /// <summary>False for a name that exists only because it has children (\Noselect).</summary>
    public bool Selectable { get; init; } = true;

    /// <summary>Grows when the key of its URLs is reset, while this process runs.</summary>
    public int UrlKeyResets { get; init; }

    /// <summary>Keywords that messages here use; position = bit of <see cref="MessageState.Keywords"/>. At most 64.</summary>
    public IReadOnlyList<string> Keywords { get; init; } = [];

    /// <summary>Who else may do what with it, and what the owner denies themselves (RFC 4314); most mailboxes have none.</summary>
    public IReadOnlyList<AclEntry> Acl { get; init; } = [];
}

/// <summary>System flags of a message (RFC 3501 2.3.2). \Recent belongs to a session and is not among them.</summary>
[Flags]
public enum MessageFlags : byte
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>\Seen.</summary>
    Seen = 1,

    /// <summary>\Answered.</summary>
    Answered = 2,

    /// <summary>\Flagged.</summary>
    Flagged = 4,

    /// <summary>\Deleted.</summary>
    Deleted = 8,

    /// <summary>\Draft.</summary>
    Draft = 16,

    /// <summary>No flag of a client's: header blocks hold UTF-8, so that not every client sees the message as it is stored (RFC 6858). Set when the message enters the store, kept by every change of flags.</summary>
    Utf8Headers = 32,
}

/// <summary>Flags by name, as protocols and pages give them; keywords are case-insensitive ASCII atoms, kept as first written.</summary>
/// <param name="System">System flags.</param>
/// <param name="Keywords">Keywords.</param>
public sealed record FlagSet(MessageFlags System, IReadOnlyList<string> Keywords)
{
    /// <summary>No flag.</summary>
    public static FlagSet None { get; } = new(MessageFlags.None, []);
}

/// <summary>The packed state of one message in a mailbox; 40 octets, so that a million messages fit in memory.</summary>
/// <param name="Uid">UID.</param>
/// <param name="Flags">System flags.</param>
/// <param name="Keywords">Bit set over <see cref="MailboxState.Keywords"/>.</param>
/// <param name="ModSeq">MODSEQ of the last change.</param>
/// <param name="InternalDate">INTERNALDATE in seconds since 1970 UTC.</param>
/// <param name="Size">RFC822.SIZE in octets, generated prefix included.</param>
public readonly record struct MessageState(Uid Uid, MessageFlags Flags, ulong Keywords, ModSeq ModSeq, long InternalDate, uint Size);
