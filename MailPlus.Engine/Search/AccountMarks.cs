using System.Buffers.Binary;
using System.Collections.Immutable;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Search;

/// <summary>How far a mailbox is indexed.</summary>
/// <param name="UidValidity">Of which history; another one means that the mailbox was restored or made anew, and is to be indexed again.</param>
/// <param name="Uid">All messages up to this UID are in the index.</param>
/// <param name="ModSeq">All expunges up to this MODSEQ have been followed.</param>
internal readonly record struct MailboxMark(uint UidValidity, uint Uid, long ModSeq);

/// <summary>How far an account is indexed: the watermark, kept in the index itself so that both are of one commit.</summary>
internal sealed record AccountMarks(ImmutableDictionary<long, MailboxMark> Mailboxes)
{
    private const int Length = 24;

    /// <summary>Nothing is indexed.</summary>
    public static AccountMarks None { get; } = new(ImmutableDictionary<long, MailboxMark>.Empty);

    /// <summary>The mark of a mailbox if it is of this history.</summary>
    public MailboxMark? Of(MailboxId mailbox, uint uidValidity) =>
        Mailboxes.TryGetValue(mailbox.Value, out var mark) && mark.UidValidity == uidValidity ? mark : null;

    /// <summary>With a mailbox's mark.</summary>
    public AccountMarks With(MailboxId mailbox, MailboxMark mark) => new(Mailboxes.SetItem(mailbox.Value, mark));

    /// <summary>Without a mailbox.</summary>
    public AccountMarks Without(long mailbox) => new(Mailboxes.Remove(mailbox));

    /// <summary>As octets.</summary>
    public byte[] Write()
    {
        var octets = new byte[Mailboxes.Count * Length];
        var at = 0;
        foreach (var (mailbox, mark) in Mailboxes)
        {
            var row = octets.AsSpan(at, Length);
            BinaryPrimitives.WriteInt64LittleEndian(row, mailbox);
            BinaryPrimitives.WriteUInt32LittleEndian(row[8..], mark.UidValidity);
            BinaryPrimitives.WriteUInt32LittleEndian(row[12..], mark.Uid);
            BinaryPrimitives.WriteInt64LittleEndian(row[16..], mark.ModSeq);
            at += Length;
        }

        return octets;
    }

    /// <summary>From octets.</summary>
    public static AccountMarks Read(ReadOnlySpan<byte> octets)
    {
        var mailboxes = ImmutableDictionary.CreateBuilder<long, MailboxMark>();
        for (; octets.Length >= Length; octets = octets[Length..])
        {
            mailboxes[BinaryPrimitives.ReadInt64LittleEndian(octets)] = new MailboxMark(
                BinaryPrimitives.ReadUInt32LittleEndian(octets[8..]), BinaryPrimitives.ReadUInt32LittleEndian(octets[12..]), BinaryPrimitives.ReadInt64LittleEndian(octets[16..]));
        }

        return new AccountMarks(mailboxes.ToImmutable());
    }
}
