using System.Globalization;
using System.Text.RegularExpressions;
using MailPlus.Tests.Support;

namespace MailPlus.Tests.Imap.Stress;

/// <summary>A connection that takes every untagged response into its view and knows which may come when.</summary>
internal sealed partial class StressSession(WireClient wire, StressKind kind, StressLedger ledger) : IDisposable
{
    private const int Remembered = 40;

    private readonly Queue<string> _transcript = new();
    private int _serial;
    private string _command = "";

    /// <summary>Of the selected mailbox; null when none is.</summary>
    public StressView? View { get; set; }

    public StressKind Kind => kind;

    /// <summary>Responses wait for <see cref="Deferred"/>: those of a SELECT with QRESYNC make sense only together.</summary>
    public bool Defers { get; set; }

    /// <summary>Response lines of the command in progress that are no news of the mailbox.</summary>
    public List<string> Answers { get; } = [];

    /// <summary>Sends a command and reads up to its end, which must be OK, or tell that messages are gone of which this session must not hear yet (RFC 5530 3).</summary>
    public async Task<string> DoAsync(string command, string literal = "")
    {
        var end = await TryAsync(command, literal);
        if (end.StartsWith("NO [EXPUNGEISSUED]", StringComparison.Ordinal) && (command.Contains("FETCH ", StringComparison.Ordinal) || command.Contains("STORE ", StringComparison.Ordinal)))
        {
            await TryAsync("NOOP");
            return end;
        }

        return end.StartsWith("OK", StringComparison.Ordinal) ? end : throw new ContradictionException($"{command}: {end}");
    }

    /// <summary>As <see cref="DoAsync"/>, but NO is an answer too.</summary>
    public async Task<string> TryAsync(string command, string literal = "")
    {
        var tag = await BeginAsync(command + literal);
        return await EndAsync(tag);
    }

    /// <summary>Sends a command and returns its tag.</summary>
    public async Task<string> BeginAsync(string command)
    {
        Answers.Clear();
        _command = command;
        var tag = string.Create(CultureInfo.InvariantCulture, $"s{++_serial}");
        Remember($"C: {tag} {command}");
        await wire.SendAsync($"{tag} {command}\r\n");
        return tag;
    }

    public Task SendAsync(string octets) => wire.SendAsync(octets);

    public async Task<string> EndAsync(string tag)
    {
        while (await wire.ReadImapLineAsync() is { } line)
        {
            Remember("S: " + line);
            if (line.StartsWith(tag + " ", StringComparison.Ordinal))
            {
                _command = "";
                return line[(tag.Length + 1)..];
            }

            try
            {
                Take(line);
            }
            catch (ContradictionException contradiction)
            {
                throw new ContradictionException($"{contradiction.Message}\n{string.Join('\n', _transcript)}");
            }
        }

        throw new EndOfStreamException($"the server closed during {_command}");
    }

    /// <summary>Numbers of a set as in <c>1:3,7</c>.</summary>
    public static IEnumerable<uint> Set(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries).SelectMany(part =>
    {
        var ends = part.Split(':');
        var first = uint.Parse(ends[0], CultureInfo.InvariantCulture);
        var last = uint.Parse(ends[^1], CultureInfo.InvariantCulture);
        return Enumerable.Range(0, (int)(Math.Max(first, last) - Math.Min(first, last)) + 1).Select(i => Math.Min(first, last) + (uint)i);
    });

    public void Dispose() => wire.Dispose();

    private void Remember(string line)
    {
        _transcript.Enqueue(line.Length > 200 ? line[..200] : line);
        if (_transcript.Count > Remembered)
        {
            _transcript.Dequeue();
        }
    }

    private void Take(string line)
    {
        if (View is null || Defers)
        {
            if (View is not null)
            {
                TakeCode(line);
            }

            Answers.Add(line);
            return;
        }

        if (Numbered().Match(line) is { Success: true } numbered)
        {
            var number = int.Parse(numbered.Groups[1].Value, CultureInfo.InvariantCulture);
            switch (numbered.Groups[2].Value)
            {
                case "EXISTS":
                    View.Exists(number);
                    break;
                case "EXPUNGE":
                    MustAllowExpunge(line);
                    View.Expunge(number);
                    break;
                case "FETCH":
                    TakeFetch(number, line);
                    break;
            }

            return;
        }

        if (Gone().Match(line) is { Success: true } gone)
        {
            var isEarlier = gone.Groups[1].Success;
            if (!isEarlier)
            {
                MustAllowExpunge(line);
            }

            View.Vanished(Set(gone.Groups[2].Value), isEarlier);
            return;
        }

        TakeCode(line);
        Answers.Add(line);
    }

    private void TakeCode(string line)
    {
        if (Code().Match(line) is not { Success: true } code)
        {
            return;
        }

        var value = ulong.Parse(code.Groups[2].Value, CultureInfo.InvariantCulture);
        switch (code.Groups[1].Value)
        {
            case "UIDVALIDITY":
                View!.Must(View.UidValidity == 0 || View.UidValidity == value, $"UIDVALIDITY {value} after {View.UidValidity}");
                View.UidValidity = (uint)value;
                break;
            case "UIDNEXT":
                View!.UidNext = (uint)value;
                break;
            case "HIGHESTMODSEQ":
                View!.HighestModSeq = value;
                break;
        }
    }

    /// <summary>What a SELECT with QRESYNC told.</summary>
    public StressResync Deferred()
    {
        var news = new StressResync();
        foreach (var line in Answers)
        {
            if (Gone().Match(line) is { Success: true } gone)
            {
                View!.Must(gone.Groups[1].Success, $"'{line}' during '{_command}'");
                news.Vanished.UnionWith(Set(gone.Groups[2].Value));
            }
            else if (Numbered().Match(line) is { Success: true } numbered && numbered.Groups[2].Value is var what and not "RECENT")
            {
                var number = int.Parse(numbered.Groups[1].Value, CultureInfo.InvariantCulture);
                if (what == "EXISTS")
                {
                    news.Exists = number;
                }
                else
                {
                    View!.Must(what == "FETCH", $"'{line}' after SELECT with QRESYNC");
                    var (message, _) = Fetched(line);
                    news.Fetched[message.Uid] = (number, message);
                }
            }
        }

        return news;
    }

    private void TakeFetch(int number, string line)
    {
        var (message, identity) = Fetched(line);
        View!.Fetch(number, message);
        if (identity is not null && View.Messages[number - 1].Uid is var known and not 0)
        {
            ledger.Is(View.Key(known), identity);
        }
    }

    private static (StressMessage Message, string? Identity) Fetched(string line)
    {
        var literals = new Queue<string>();
        var items = ImapNode.Read(Unfold(line, literals), literals)[^1].Items!;
        var message = StressMessage.Unknown;
        string? identity = null;
        for (var i = 0; i + 1 < items.Count; i += 2)
        {
            switch (items[i].Text.ToUpperInvariant())
            {
                case "UID":
                    message = message with { Uid = uint.Parse(items[i + 1].Text, CultureInfo.InvariantCulture) };
                    break;
                case "FLAGS":
                    message = message with { Flags = Canonical(items[i + 1].Items!.Select(f => f.Text)) };
                    break;
                case "MODSEQ":
                    message = message with { ModSeq = ulong.Parse(items[i + 1].Items![0].Text, CultureInfo.InvariantCulture) };
                    break;
                case var name when name.StartsWith("BODY[HEADER", StringComparison.Ordinal):
                    identity = items[i + 1].Text.Trim().Split(": ")[^1];
                    break;
            }
        }

        return (message, identity);
    }

    /// <summary>Flags in one order and without \Recent, which each session sees otherwise.</summary>
    public static string Canonical(IEnumerable<string> flags) =>
        string.Join(' ', flags.Where(f => !f.Equals("\\Recent", StringComparison.OrdinalIgnoreCase)).Select(f => f.ToLowerInvariant()).Order(StringComparer.Ordinal));

    /// <summary>RFC 3501 7.4.1: sequence numbers never shift without a command, nor while FETCH, STORE or SEARCH is answered.</summary>
    private void MustAllowExpunge(string line) =>
        View!.Must(
            _command.Length > 0 && !_command.StartsWith("FETCH", StringComparison.Ordinal) && !_command.StartsWith("STORE", StringComparison.Ordinal) && !_command.StartsWith("SEARCH", StringComparison.Ordinal),
            $"'{line}' during '{_command}'");

    private static string Unfold(string line, Queue<string> literals)
    {
        while (Literal().Match(line) is { Success: true } literal)
        {
            var length = int.Parse(literal.Groups[1].Value, CultureInfo.InvariantCulture);
            var start = literal.Index + literal.Length;
            literals.Enqueue(line.Substring(start, length));
            line = line[..literal.Index] + '\u0001' + line[(start + length)..];
        }

        return line;
    }

    [GeneratedRegex(@"^\* (\d+) (EXISTS|EXPUNGE|FETCH|RECENT)")]
    private static partial Regex Numbered();

    [GeneratedRegex(@"^\* VANISHED( \(EARLIER\))? ([\d:,]+)$")]
    private static partial Regex Gone();

    [GeneratedRegex(@"^\* OK \[(UIDVALIDITY|UIDNEXT|HIGHESTMODSEQ) (\d+)\]")]
    private static partial Regex Code();

    [GeneratedRegex(@"\{(\d+)\}\r\n")]
    private static partial Regex Literal();
}
