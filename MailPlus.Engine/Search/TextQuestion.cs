namespace MailPlus.Engine.Search;

/// <summary>Where a needle is looked for.</summary>
public enum TextScope
{
    /// <summary>In header fields of one name.</summary>
    Header,

    /// <summary>In the body.</summary>
    Body,

    /// <summary>Anywhere in the message.</summary>
    Text,
}

/// <summary>One thing asked of the index.</summary>
/// <param name="Scope">Where to look.</param>
/// <param name="Field">Name of the header fields, "" for other scopes.</param>
/// <param name="Needle">What to look for; empty asks whether the field is there.</param>
public sealed record TextQuestion(TextScope Scope, string Field, string Needle)
{
    /// <summary>Words in any order and form (RFC 6203) instead of the very text.</summary>
    public bool IsLoose { get; init; }
}

/// <summary>What the index says to a question about one mailbox.</summary>
/// <param name="Uids">UIDs of the messages that may match, ascending; no other one does.</param>
/// <param name="IsExact">All of them do match.</param>
public sealed record TextAnswer(uint[] Uids, bool IsExact)
{
    /// <summary>Whether a message may match.</summary>
    public bool Contains(uint uid) => Array.BinarySearch(Uids, uid) >= 0;
}

/// <summary>Answers about one mailbox, each null where the index cannot tell.</summary>
/// <param name="Through">They hold for messages up to this UID; later ones are to be read.</param>
/// <param name="Unknown">UIDs up to there that are to be read all the same, ascending.</param>
/// <param name="Answers">In the order of the questions.</param>
public sealed record MailboxAnswers(uint Through, uint[] Unknown, IReadOnlyList<TextAnswer?> Answers)
{
    /// <summary>Whether the answers hold for a message.</summary>
    public bool Know(uint uid) => uid <= Through && (Unknown.Length == 0 || Array.BinarySearch(Unknown, uid) < 0);
}
