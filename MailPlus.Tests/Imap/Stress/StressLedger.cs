using System.Collections.Concurrent;
using System.Globalization;

namespace MailPlus.Tests.Imap.Stress;

/// <summary>What a server said that contradicts what it said before.</summary>
internal sealed class ContradictionException(string message) : Exception(message);

/// <summary>A message for good: a UID is never given twice under one UIDVALIDITY (RFC 3501 2.3.1.1).</summary>
internal readonly record struct MessageKey(string Mailbox, uint UidValidity, uint Uid);

/// <summary>Facts that hold for all sessions: which message a UID is, and which flags it has at a MODSEQ.</summary>
internal sealed class StressLedger
{
    private readonly ConcurrentDictionary<MessageKey, string> _identities = new();
    private readonly ConcurrentDictionary<(MessageKey Key, ulong ModSeq), string> _flags = new();

    /// <summary>How many facts two sessions or two answers agreed on.</summary>
    public long Agreements => Interlocked.Read(ref _agreements);

    private long _agreements;

    /// <summary>The message behind a UID is that one, now and for ever.</summary>
    public void Is(MessageKey key, string identity)
    {
        var known = _identities.GetOrAdd(key, identity);
        Agree(known == identity, $"{key} is message {identity}, but was {known}");
    }

    /// <summary>The copy is the same message as its source, where that is known.</summary>
    public void Copied(MessageKey source, MessageKey copy)
    {
        if (_identities.TryGetValue(source, out var identity))
        {
            Is(copy, identity);
        }
    }

    /// <summary>A MODSEQ stands for one state of the flags (RFC 7162 3.1).</summary>
    public void Has(MessageKey key, ulong modSeq, string flags)
    {
        var known = _flags.GetOrAdd((key, modSeq), flags);
        Agree(known == flags, string.Create(CultureInfo.InvariantCulture, $"{key} at MODSEQ {modSeq} has flags ({flags}), but had ({known})"));
    }

    private void Agree(bool agrees, string otherwise)
    {
        if (!agrees)
        {
            throw new ContradictionException(otherwise);
        }

        Interlocked.Increment(ref _agreements);
    }
}
