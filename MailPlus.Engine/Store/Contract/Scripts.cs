using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Store.Contract;

/// <summary>What a row of an account's scripts is.</summary>
public enum ScriptKind
{
    /// <summary>A script of Sieve that the user keeps; at most one is active (RFC 5804 1.4).</summary>
    Script,

    /// <summary>What the user has chosen on the Personal page: automatic answer and forwarding. One row, without a name.</summary>
    Personal,

    /// <summary>What went wrong the last time. One row, without a name.</summary>
    Problem,
}

/// <summary>A script of an account, or what is kept like one.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Its name; unique among those of its kind.</param>
/// <param name="Text">Its octets.</param>
/// <param name="IsActive">It has a say when mail is delivered.</param>
public sealed record StoredScript(ScriptKind Kind, string Name, ReadOnlyMemory<byte> Text, bool IsActive);

/// <summary>What is known of an account's scripts without looking at them.</summary>
/// <param name="Version">Another number after each change.</param>
/// <param name="Runs">Something has a say when mail is delivered.</param>
public readonly record struct ScriptMark(long Version, bool Runs);

/// <summary>Something scripts remember from one message to the next: a sender that was answered, a message that was seen.</summary>
/// <param name="Key">What it is about, as a hash.</param>
/// <param name="Expires">When it is forgotten.</param>
/// <param name="Entry">The queue entry that caused it: a delivery that is made again is not its own past (mail-rules 1).</param>
public sealed record ScriptMemory(ReadOnlyMemory<byte> Key, Instant Expires, EntryId Entry);
