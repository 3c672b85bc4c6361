using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Store.Contract;

/// <summary>Which columns of a mailbox SORT and THREAD want.</summary>
public enum SortPart
{
    /// <summary><see cref="SortColumns.Sent"/> and <see cref="SortColumns.Subjects"/>.</summary>
    Subject,

    /// <summary><see cref="SortColumns.Addresses"/>.</summary>
    Address,

    /// <summary><see cref="SortColumns.MessageIds"/> and the references.</summary>
    Thread,
}

/// <summary>Columns of <see cref="SortColumns.Addresses"/>: what the first address of a field is sorted by.</summary>
public enum AddressColumn
{
    /// <summary>Local part of From (RFC 5256 3).</summary>
    From,

    /// <summary>Local part of To.</summary>
    To,

    /// <summary>Local part of Cc.</summary>
    Cc,

    /// <summary>Name of From, or its address (RFC 5957 3).</summary>
    DisplayFrom,

    /// <summary>Name of To, or its address.</summary>
    DisplayTo,
}

/// <summary>
/// What SORT and THREAD compare of the messages of a mailbox (RFC 5256), as columns in the order of UIDs. Texts are numbers: equal texts under i;unicode-casemap
/// have the same, 0 is the empty one. Messages that are gone may still be in it.
/// </summary>
public sealed class SortColumns
{
    /// <summary>UIDs, ascending.</summary>
    public required ReadOnlyMemory<uint> Uids { get; init; }

    /// <summary>The Date header in seconds since 1970, <see cref="long.MinValue"/> where there is none.</summary>
    public ReadOnlyMemory<long> Sent { get; init; }

    /// <summary>Twice the number of the base subject, and one more when a mark of a reply or forward was taken off.</summary>
    public ReadOnlyMemory<int> Subjects { get; init; }

    /// <summary>Numbers of texts by <see cref="AddressColumn"/>.</summary>
    public IReadOnlyList<ReadOnlyMemory<int>> Addresses { get; init; } = [];

    /// <summary>The place of each text in the order of texts, when it was asked for.</summary>
    public ReadOnlyMemory<int> Ranks { get; init; }

    /// <summary>A number for each Message-ID, 0 for none.</summary>
    public ReadOnlyMemory<int> MessageIds { get; init; }

    /// <summary>The Message-IDs that messages refer to, oldest first, one message after the other.</summary>
    public ReadOnlyMemory<int> References { get; init; }

    /// <summary>Where in <see cref="References"/> those of each message end.</summary>
    public ReadOnlyMemory<int> ReferenceEnds { get; init; }

    /// <summary>Where a message stands, -1 when it is not there.</summary>
    /// <param name="uid">The message.</param>
    /// <param name="near">Where it stands when no message between it and the last one asked for is left out: tried first.</param>
    public int IndexOf(Uid uid, int near)
    {
        var uids = Uids.Span;
        if (near < uids.Length && uids[near] == uid.Value)
        {
            return near;
        }

        var found = uids.BinarySearch(uid.Value);
        return found < 0 ? -1 : found;
    }

    /// <summary>What the message at a place refers to.</summary>
    public ReadOnlyMemory<int> ReferencesAt(int index)
    {
        var ends = ReferenceEnds.Span;
        return References[(index == 0 ? 0 : ends[index - 1])..ends[index]];
    }
}
