using System.Globalization;
using System.Text.RegularExpressions;

namespace MailPlus.Tests.Imap.Stress;

/// <summary>Does at random what mail clients do to a few mailboxes that many of them have open.</summary>
internal sealed partial class StressClient(int number, StressSession session, StressLedger ledger, IReadOnlyList<string> mailboxes)
{
    private const int ManyMessages = 60;
    private static readonly string[] Flags = ["\\Seen", "\\Flagged", "\\Answered", "\\Deleted", "$a", "$b"];

    private readonly Random _random = new(number * 7919);
    private readonly Dictionary<string, StressView> _left = [];
    private int _appended;

    public StressSession Session => session;

    /// <summary>Commands done so far.</summary>
    public int Done { get; private set; }

    private StressView View => session.View ?? throw new InvalidOperationException("no mailbox is selected");

    /// <summary>One random step.</summary>
    public async Task StepAsync()
    {
        Done++;
        if (session.View is null || _random.Next(30) == 0)
        {
            await SelectAsync(mailboxes[_random.Next(mailboxes.Count)]);
            return;
        }

        var dice = _random.Next(100);
        await (dice switch
        {
            _ when View.Count == 0 => dice < 70 ? AppendAsync() : session.DoAsync("NOOP"),
            < 16 => session.DoAsync($"FETCH {Range()} (UID FLAGS{ModSeqItem})"),
            < 26 => session.DoAsync($"UID FETCH {UidRange()} (FLAGS{ModSeqItem} BODY.PEEK[HEADER.FIELDS (X-Stress)])"),
            < 46 => StoreAsync(),
            < 58 => View.Count > ManyMessages ? ExpungeAsync() : AppendAsync(),
            < 64 => CopyAsync("COPY"),
            < 69 => CopyAsync("MOVE"),
            < 77 => ExpungeAsync(),
            < 87 => SearchAsync(),
            < 93 => IdleAsync(),
            _ => session.DoAsync("NOOP"),
        });
        await LearnAsync();
    }

    /// <summary>Takes in everything others did; nobody does anything meanwhile.</summary>
    public async Task SettleAsync()
    {
        if (session.View is null || session.Kind == StressKind.QResync)
        {
            await SelectAsync(session.View?.Mailbox ?? mailboxes[number % mailboxes.Count]);
        }

        await session.DoAsync("NOOP");
        await LearnAsync();
        var told = View.ToString();
        await session.DoAsync($"UID FETCH 1:* (FLAGS{ModSeqItem})");
        View.Must(View.ToString() == told, $"told {told}, is {View}");
    }

    /// <summary>Leaves the mailbox and selects another or the same, with what is remembered of it under QRESYNC.</summary>
    public async Task SelectAsync(string mailbox)
    {
        if (session.View is { } old)
        {
            await CatchUpAsync();
            await session.DoAsync("UNSELECT");
            old.HighestModSeq = old.Messages.Select(m => m.ModSeq).DefaultIfEmpty(old.HighestModSeq).Max();
            _left[old.Mailbox] = old;
            session.View = null;
        }

        var view = new StressView(mailbox, session.Kind, ledger);
        var known = _left.GetValueOrDefault(mailbox);
        session.View = view;
        if (session.Kind == StressKind.QResync && known is { Count: > 0, FirstUnknown: 0 } && _random.Next(4) != 0)
        {
            await ResyncAsync(view, known);
        }
        else
        {
            await session.DoAsync($"SELECT {mailbox}{(session.Kind == StressKind.CondStore ? " (CONDSTORE)" : "")}");
        }

        view.Must(known is null || known.UidValidity == view.UidValidity, $"UIDVALIDITY {view.UidValidity} after {known?.UidValidity}");
        view.Must(known is null || known.UidNext <= view.UidNext, $"UIDNEXT {view.UidNext} after {known?.UidNext}");
        await LearnAsync();
    }

    private string ModSeqItem => session.Kind == StressKind.Plain ? "" : " MODSEQ";

    private async Task ResyncAsync(StressView view, StressView known)
    {
        session.Defers = true;
        await session.DoAsync(string.Create(CultureInfo.InvariantCulture, $"SELECT {view.Mailbox} (QRESYNC ({known.UidValidity} {known.HighestModSeq}))"));
        session.Defers = false;
        view.Resync(known, session.Deferred());
    }

    /// <summary>
    /// Ends with a NOOP: then all changes up to the highest MODSEQ told are told. A FETCH by number may tell flags while additions and expunges wait
    /// (RFC 3501 7.4.1), so what was heard last in one is no mark to resume from.
    /// </summary>
    private async Task CatchUpAsync()
    {
        await session.DoAsync("NOOP");
        while (View.FirstUnknown != 0)
        {
            await LearnAsync();
            await session.DoAsync("NOOP");
        }
    }

    /// <summary>Asks for what was announced but not told.</summary>
    private async Task LearnAsync()
    {
        for (var tries = 0; View.FirstUnknown is var first and not 0; tries++)
        {
            View.Must(tries < 100, "messages are announced without end");
            await session.DoAsync(string.Create(CultureInfo.InvariantCulture, $"FETCH {first}:{View.Count} (UID FLAGS{ModSeqItem})"));
        }
    }

    private async Task StoreAsync()
    {
        var adds = _random.Next(2) == 0;
        var flag = Flags[_random.Next(Flags.Length)];
        var silent = session.Kind != StressKind.Plain && _random.Next(3) == 0;
        var unchanged = session.Kind != StressKind.Plain && _random.Next(5) == 0 ? string.Create(CultureInfo.InvariantCulture, $"(UNCHANGEDSINCE {View.Messages.Max(m => m.ModSeq)}) ") : "";
        View.SilentChange = silent ? flags => Change(flags, flag, adds) : null;
        var (prefix, set) = _random.Next(2) == 0 ? ("", Range()) : ("UID ", UidRange());
        await session.DoAsync($"{prefix}STORE {set} {unchanged}{(adds ? '+' : '-')}FLAGS{(silent ? ".SILENT" : "")} ({flag})");
        View.SilentChange = null;
    }

    private static string Change(string flags, string flag, bool adds)
    {
        var others = flags.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(f => !f.Equals(flag, StringComparison.OrdinalIgnoreCase));
        return StressSession.Canonical(adds ? others.Append(flag) : others);
    }

    private async Task AppendAsync()
    {
        var identity = string.Create(CultureInfo.InvariantCulture, $"{number}-{++_appended}");
        var message = $"Subject: stress {identity}\r\nX-Stress: {identity}\r\n\r\n{new string('x', _random.Next(2000))}\r\n";
        var target = _random.Next(3) == 0 ? mailboxes[_random.Next(mailboxes.Count)] : View.Mailbox;
        var end = await session.DoAsync(string.Create(CultureInfo.InvariantCulture, $"APPEND {target} ({Flags[_random.Next(Flags.Length)]}) {{{message.Length}+}}\r\n"), message);
        if (AppendUid().Match(end) is not { Success: true } uid)
        {
            throw new ContradictionException($"APPEND without APPENDUID: {end}");
        }

        ledger.Is(new MessageKey(target, Number(uid.Groups[1]), Number(uid.Groups[2])), identity);
    }

    private async Task CopyAsync(string verb)
    {
        var target = mailboxes[_random.Next(mailboxes.Count)];
        if (verb == "MOVE" && target == View.Mailbox)
        {
            return;
        }

        var set = string.Create(CultureInfo.InvariantCulture, $"{_random.Next(View.Count) + 1}");
        var uid = View.Messages[int.Parse(set, CultureInfo.InvariantCulture) - 1].Uid;
        var end = _random.Next(2) == 0
            ? await session.TryAsync($"{verb} {set} {target}")
            : await session.TryAsync(string.Create(CultureInfo.InvariantCulture, $"UID {verb} {uid} {target}"));
        var code = CopyUid().Match(string.Join('\n', session.Answers.Append(end)));
        if (code.Success)
        {
            View.Must(code.Groups[2].Value == uid.ToString(CultureInfo.InvariantCulture), $"{verb} of UID {uid} answered {code.Value}");
            ledger.Copied(View.Key(uid), new MessageKey(target, Number(code.Groups[1]), Number(code.Groups[3])));
        }

        if (verb == "MOVE" && code.Success)
        {
            View.Must(View.NumberOf(uid) == 0, $"UID {uid} was moved away and is still there");
        }
    }

    private async Task ExpungeAsync()
    {
        var uids = View.Messages.Where(_ => _random.Next(4) == 0).Select(m => m.Uid).Take(10).ToList();
        if (uids.Count == 0)
        {
            return;
        }

        var set = string.Join(',', uids);
        await session.DoAsync($"UID STORE {set} +FLAGS (\\Deleted)");
        await session.DoAsync(_random.Next(2) == 0 ? $"UID EXPUNGE {set}" : "EXPUNGE");
    }

    private async Task SearchAsync()
    {
        var known = View.Messages.Select(m => m.Uid).ToHashSet();
        var byUid = _random.Next(2) == 0;
        await session.DoAsync($"{(byUid ? "UID " : "")}SEARCH RETURN (ALL COUNT) {(_random.Next(2) == 0 ? "KEYWORD $a" : "UNSEEN")}");
        var answer = session.Answers.Single(line => line.StartsWith("* ESEARCH", StringComparison.Ordinal));
        var found = All().Match(answer) is { Success: true } all ? StressSession.Set(all.Groups[1].Value).ToList() : [];
        View.Must(answer.Contains(string.Create(CultureInfo.InvariantCulture, $"COUNT {found.Count}"), StringComparison.Ordinal), $"{answer} finds {found.Count}");
        View.Must(byUid || found.All(n => n <= (uint)View.Count), $"{answer} of {View.Count}");
        View.Must(!byUid || found.All(uid => known.Contains(uid) || uid > known.DefaultIfEmpty(0u).Max()), $"{answer} finds what was never there");
    }

    private async Task IdleAsync()
    {
        var tag = await session.BeginAsync("IDLE");
        await Task.Delay(_random.Next(400));
        await session.SendAsync("DONE\r\n");
        var end = await session.EndAsync(tag);
        View.Must(end.StartsWith("OK", StringComparison.Ordinal), end);
    }

    private string Range()
    {
        var first = _random.Next(View.Count) + 1;
        return string.Create(CultureInfo.InvariantCulture, $"{first}:{Math.Min(View.Count, first + _random.Next(8))}");
    }

    private string UidRange()
    {
        var first = _random.Next(View.Count);
        return string.Create(CultureInfo.InvariantCulture, $"{View.Messages[first].Uid}:{View.Messages[Math.Min(View.Count - 1, first + _random.Next(8))].Uid}");
    }

    private static uint Number(Group group) => uint.Parse(group.Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\[APPENDUID (\d+) (\d+)\]")]
    private static partial Regex AppendUid();

    [GeneratedRegex(@"\[COPYUID (\d+) (\d+) (\d+)\]")]
    private static partial Regex CopyUid();

    [GeneratedRegex(@" ALL ([\d:,]+)")]
    private static partial Regex All();
}
