using System.Globalization;

namespace MailPlus.Tests.Imap.Stress;

/// <summary>What a session has enabled, and so what forms it must be told in.</summary>
internal enum StressKind
{
    Plain,
    CondStore,
    QResync,
}

/// <summary>What a SELECT with QRESYNC told, all of it.</summary>
internal sealed record StressResync
{
    public int Exists { get; set; }

    public HashSet<uint> Vanished { get; } = [];

    public Dictionary<uint, (int Number, StressMessage Message)> Fetched { get; } = [];
}

/// <summary>A message as it was told; a UID or MODSEQ of 0 and flags that are null were not.</summary>
internal sealed record StressMessage(uint Uid, string? Flags, ulong ModSeq)
{
    public static readonly StressMessage Unknown = new(0, null, 0);
}

/// <summary>A session's own model of its selected mailbox, fed by untagged responses only; it objects to every one that cannot be.</summary>
internal sealed class StressView(string mailbox, StressKind kind, StressLedger ledger)
{
    private readonly List<StressMessage> _messages = [];
    private readonly HashSet<uint> _gone = [];

    public string Mailbox => mailbox;

    public uint UidValidity { get; set; }

    public ulong HighestModSeq { get; set; }

    public uint UidNext { get; set; }

    /// <summary>What a STORE .SILENT in progress does to flags: a MODSEQ told without flags means that this and nothing else was done (RFC 7162 3.1.3).</summary>
    public Func<string, string>? SilentChange { get; set; }

    public int Count => _messages.Count;

    public IReadOnlyList<StressMessage> Messages => _messages;

    /// <summary>The first sequence number whose message was not told yet; 0 when all are known.</summary>
    public int FirstUnknown => _messages.FindIndex(m => m.Uid == 0 || m.Flags is null) + 1;

    public MessageKey Key(uint uid) => new(mailbox, UidValidity, uid);

    /// <summary>VANISHED (EARLIER), EXISTS and FETCH must lead from the mailbox remembered to the one there is (RFC 7162 3.2.5).</summary>
    public void Resync(StressView before, StressResync told)
    {
        _gone.UnionWith(before._gone);
        _gone.UnionWith(told.Vanished);
        _messages.AddRange(before._messages.Where(m => !told.Vanished.Contains(m.Uid) && !told.Fetched.ContainsKey(m.Uid))
            .Concat(told.Fetched.Values.Select(f => f.Message)).OrderBy(m => m.Uid));
        Must(Count == told.Exists, $"EXISTS {told.Exists}, but remembered {before} less {string.Join(',', told.Vanished)} and told {string.Join(',', told.Fetched.Keys)}");
        var remembered = before._messages.ToDictionary(m => m.Uid);
        foreach (var (number, message) in told.Fetched.Values)
        {
            Must(_messages[number - 1].Uid == message.Uid, $"FETCH {number} tells UID {message.Uid}, but there is {_messages[number - 1].Uid}");
            Must(message is { Flags: not null, ModSeq: not 0 }, $"FETCH {number} without flags or MODSEQ after QRESYNC");
            Must(!before._gone.Contains(message.Uid), $"UID {message.Uid} is back after it was expunged");
            Must(!remembered.TryGetValue(message.Uid, out var old) || message.ModSeq >= old.ModSeq, $"MODSEQ of UID {message.Uid} went from {old?.ModSeq} to {message.ModSeq}");
            ledger.Has(Key(message.Uid), message.ModSeq, message.Flags!);
        }
    }

    /// <summary>EXISTS may only grow; it shrinks by EXPUNGE and VANISHED (RFC 3501 7.3.1).</summary>
    public void Exists(int count)
    {
        Must(count >= Count, $"EXISTS {count} after {Count}");
        while (Count < count)
        {
            _messages.Add(StressMessage.Unknown);
        }
    }

    public void Expunge(int number)
    {
        Must(kind != StressKind.QResync, "EXPUNGE after ENABLE QRESYNC (RFC 7162 3.2.10)");
        Must(number >= 1 && number <= Count, $"EXPUNGE {number} of {Count}");
        Remove(number - 1);
    }

    public void Vanished(IEnumerable<uint> uids, bool isEarlier)
    {
        Must(kind == StressKind.QResync, "VANISHED without ENABLE QRESYNC");
        foreach (var uid in uids)
        {
            var at = _messages.FindIndex(m => m.Uid == uid);
            if (at < 0 && !isEarlier)
            {
                Must(!_gone.Contains(uid), $"VANISHED {uid} twice");
                // One that was announced but not told: which of its neighbours it was makes no difference, but it lay between the UIDs known around it.
                at = _messages.FindIndex(_messages.FindLastIndex(m => m.Uid != 0 && m.Uid < uid) + 1, m => m.Uid == 0 || m.Uid > uid);
                at = at >= 0 && _messages[at].Uid == 0 ? at : -1;
                Must(at >= 0, $"VANISHED {uid}, which was never there");
            }

            if (at >= 0)
            {
                Remove(at);
            }

            _gone.Add(uid);
        }
    }

    /// <summary>Takes in a FETCH response; what it does not say stays as it was.</summary>
    public void Fetch(int number, StressMessage told)
    {
        Must(number >= 1 && number <= Count, $"FETCH {number} of {Count}");
        var old = _messages[number - 1];
        if (told.Uid != 0)
        {
            Must(old.Uid == 0 || old.Uid == told.Uid, $"message {number} is UID {told.Uid}, but was {old.Uid}");
            Must(!_gone.Contains(told.Uid), $"UID {told.Uid} is back after it was expunged");
            var before = _messages.Take(number - 1).Select(m => m.Uid).DefaultIfEmpty(0u).Max();
            var after = _messages.Skip(number).Select(m => m.Uid).Where(u => u != 0).DefaultIfEmpty(uint.MaxValue).Min();
            Must(before < told.Uid && told.Uid < after, $"message {number} has UID {told.Uid}, between {before} and {after}");
        }

        Must(told.Flags is null || kind == StressKind.Plain || told.ModSeq != 0, $"flags of message {number} without MODSEQ (RFC 7162 3.1.4)");
        Must(told.ModSeq == 0 || told.ModSeq >= old.ModSeq, $"MODSEQ of message {number} went from {old.ModSeq} to {told.ModSeq}");
        var kept = told.Flags is null && told.ModSeq > old.ModSeq && old.Flags is not null ? SilentChange?.Invoke(old.Flags) ?? old.Flags : old.Flags;
        var now = new StressMessage(told.Uid != 0 ? told.Uid : old.Uid, told.Flags ?? kept, Math.Max(told.ModSeq, old.ModSeq));
        _messages[number - 1] = now;
        if (now is { Uid: not 0, Flags: { } flags } && told.ModSeq != 0)
        {
            ledger.Has(Key(now.Uid), now.ModSeq, flags);
        }
    }

    public int NumberOf(uint uid) => _messages.FindIndex(m => m.Uid == uid) + 1;

    public void Must(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new ContradictionException($"{mailbox} ({kind}): {otherwise}");
        }
    }

    public override string ToString() =>
        string.Join(' ', _messages.Select(m => string.Create(CultureInfo.InvariantCulture, $"{m.Uid}({m.Flags}){(kind == StressKind.Plain ? 0 : m.ModSeq)}")));

    private void Remove(int at)
    {
        if (_messages[at].Uid is var uid and not 0)
        {
            _gone.Add(uid);
        }

        _messages.RemoveAt(at);
    }
}
