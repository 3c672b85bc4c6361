using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using MailPlus.Tests.Support;

namespace MailPlus.Tests.Imap;

/// <summary>Plays scripts in imaptest's format (see the suites' README): commands with the untagged replies that must, or must not, come in any order.</summary>
internal sealed partial class ScriptPlayer(ImapUnderTest server)
{
    private const string Mailbox = "imaptest";

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal)
    {
        ["mailbox"] = Mailbox, ["mailbox_url"] = Mailbox, ["user"] = "kim", ["password"] = "secret",
        ["username"] = "kim", ["domain"] = "example.com", ["user2"] = "ann",
    };
    private readonly List<Peer> _peers = [];
    private readonly Queue<string> _blocks = new();
    private (string Date, string Text)[] _messages = [];
    private int _nextMessage;
    private int _serial;

    public static Dictionary<string, string> Header(string script) => script.ReplaceLineEndings("\n").Split("\n\n")[0].Split('\n')
        .Select(l => l.Split(':', 2)).Where(p => p.Length == 2).ToDictionary(p => p[0].Trim(), p => p[1].Trim(), StringComparer.Ordinal);

    public async Task PlayAsync(string script, string mbox)
    {
        var header = Header(script);
        var text = mbox.ReplaceLineEndings("\n");
        _messages = [.. FromLine().Matches(text).Select(m => ArrivalOf(m.Value)).Zip(FromLine().Split(text).Skip(1), (date, m) => (date, m.ReplaceLineEndings("\r\n")))];
        await PrepareAsync(header);
        await RunAsync(ReadLines(script));
    }

    private async Task PrepareAsync(Dictionary<string, string> header)
    {
        var state = header.GetValueOrDefault("state", "selected");
        for (var i = 0; i < int.Parse(header.GetValueOrDefault("connections", "1"), CultureInfo.InvariantCulture); i++)
        {
            _peers.Add(new Peer(server.Connect()));
            await _peers[i].ReadAsync();
        }

        var users = _peers.Select((_, i) => Fill(header.GetValueOrDefault(string.Create(CultureInfo.InvariantCulture, $"user {i + 1}"), "kim"))).ToList();
        for (var i = 0; state != "nonauth" && i < _peers.Count; i++)
        {
            await MustAsync(_peers[i], $"LOGIN {users[i]} secret");
            if (state is "created" or "appended" or "selected" && users.IndexOf(users[i]) == i)
            {
                await MustAsync(_peers[i], $"CREATE {Mailbox}");
            }
        }

        if (state is "appended" or "selected")
        {
            var count = header.GetValueOrDefault("messages", "all") is var text && text == "all" ? _messages.Length : int.Parse(text, CultureInfo.InvariantCulture);
            for (var i = 0; i < count; i++)
            {
                await MustAsync(_peers[0], AppendText(""));
            }
        }

        foreach (var peer in state == "selected" ? _peers : [])
        {
            await MustAsync(peer, $"SELECT {Mailbox}");
            peer.Replies.Clear();
        }
    }

    /// <summary>Lines with blocks taken out.</summary>
    private static List<(string Text, List<string> Blocks)> ReadLines(string script)
    {
        var lines = new List<(string Text, List<string> Blocks)>();
        var rest = script; // line ends inside blocks stay as they are
        rest = rest[(rest.IndexOf("\n\n", StringComparison.Ordinal) + 2)..];
        foreach (Match line in LogicalLine().Matches(rest))
        {
            var blocks = new List<string>();
            var text = Block().Replace(line.Value, m =>
            {
                blocks.Add(m.Groups[1].Value);
                return m.Value[0] == '~' ? "~\u0001" : "\u0001";
            });
            if (text.Trim().Length > 0 && text[0] != '#')
            {
                lines.Add((text.TrimEnd('\n'), blocks));
            }
        }

        return lines;
    }

    private async Task RunAsync(List<(string Text, List<string> Blocks)> lines)
    {
        for (var i = 0; i < lines.Count;)
        {
            var command = CommandLine().Match(lines[i].Text);
            var tagged = new List<(string Tag, Peer Peer)>();
            string? status = null;
            if (command.Groups["own"].Success)
            {
                for (; i < lines.Count && CommandLine().Match(lines[i].Text) is { Success: true } own && own.Groups["own"].Success && !StatusWord().IsMatch(own.Groups["text"].Value); i++)
                {
                    var peer = PeerOf(own);
                    tagged.Add((own.Groups["own"].Value, peer));
                    await peer.Connection.SendAsync($"{own.Groups["own"].Value} {Fill(own.Groups["text"].Value)}\r\n");
                }
            }
            else
            {
                var peer = PeerOf(command);
                status = command.Groups["status"].Success ? command.Groups["status"].Value.Trim('"') : null;
                var tag = $"t{++_serial}";
                _values["tag"] = tag;
                tagged.Add((tag, peer));
                await SendAsync(peer, tag, command.Groups["text"].Value, lines[i].Blocks);
                i++;
            }

            var expected = new List<(string Text, List<string> Blocks)>();
            for (; i < lines.Count && lines[i].Text[0] is '*' or '!' or '?'; i++)
            {
                expected.Add(lines[i]);
            }

            if (command.Groups["own"].Success)
            {
                for (; i < lines.Count && OwnStatus().IsMatch(lines[i].Text); i++)
                {
                }

                status = "ok";
            }
            else if (status is null)
            {
                status = StatusLine().Match(lines[i++].Text).Groups[1].Value;
            }

            await ExpectAsync(tagged, status!, expected);
        }
    }

    private Peer PeerOf(Match command) => _peers[command.Groups["conn"].Success ? int.Parse(command.Groups["conn"].Value, CultureInfo.InvariantCulture) - 1 : 0];

    private async Task SendAsync(Peer peer, string tag, string command, List<string> blocks)
    {
        if (command == "append" || command.StartsWith("append ", StringComparison.Ordinal) && blocks.Count == 0)
        {
            await peer.Connection.SendAsync($"{tag} {AppendText(command[6..])}\r\n");
            return;
        }

        var text = new StringBuilder(tag).Append(' ');
        var left = new Queue<string>(blocks);
        foreach (var c in Fill(command))
        {
            if (c == '\u0001')
            {
                var block = left.Dequeue();
                block = text[^1] == '~' ? block : block.ReplaceLineEndings("\r\n"); // a literal8 is sent octet by octet
                text.Append(CultureInfo.InvariantCulture, $"{{{block.Length}+}}\r\n{block}");
            }
            else
            {
                text.Append(c);
            }
        }

        await peer.Connection.SendAsync(Encoding.Latin1.GetBytes(text.Append("\r\n").ToString()));
    }

    private string AppendText(string arguments)
    {
        var (date, message) = _messages[_nextMessage++ % _messages.Length];
        var rest = Fill(arguments).Trim();
        return $"APPEND {(rest.Length == 0 ? Mailbox + date : rest)} {{{message.Length}+}}\r\n{message}";
    }

    /// <summary>The date of a From_ line as APPEND takes it, with a space before it; "" where the line has none.</summary>
    private static string ArrivalOf(string fromLine)
    {
        var text = fromLine.Trim().Split(' ', 3, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[^1];
        return DateTimeOffset.TryParseExact(text, ["ddd MMM d HH:mm:ss yyyy zzz", "ddd MMM d HH:mm:ss yyyy"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
            ? date.ToString(" \\\"dd-MMM-yyyy HH:mm:ss ", CultureInfo.InvariantCulture) + date.ToString("zzz", CultureInfo.InvariantCulture).Replace(":", "", StringComparison.Ordinal) + "\""
            : "";
    }

    private async Task MustAsync(Peer peer, string command)
    {
        await peer.Connection.SendAsync($"s{++_serial} {command}\r\n");
        string line;
        do
        {
            line = (await peer.ReadAsync())[0] + "";
        }
        while (!line.StartsWith('s'));
        if (!peer.Last.Contains(" OK", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"{command}: {peer.Last}");
        }
    }

    private async Task ExpectAsync(List<(string Tag, Peer Peer)> tagged, string status, List<(string Text, List<string> Blocks)> expected)
    {
        var came = new List<(List<ImapNode> Nodes, string Raw)>();
        foreach (var (tag, peer) in tagged)
        {
            if (tagged[0].Peer is var first && came.Count == 0)
            {
                first.ForgetNumbers();
            }

            while (true)
            {
                var nodes = await peer.ReadAsync();
                if (nodes[0].Text != "*" && nodes[0].Text != "+")
                {
                    if (nodes[0].Text != tag || (status.Length > 0 && !nodes[1].Text.Equals(status, StringComparison.OrdinalIgnoreCase)))
                    {
                        throw new InvalidOperationException($"expected {tag} {status}, got {peer.Last}\n{string.Join('\n', came.Select(c => c.Raw))}");
                    }

                    came.Add(([new ImapNode("*"), .. nodes.Skip(1)], peer.Last));
                    break;
                }

                came.Add((nodes, peer.Last));
            }
        }

        foreach (var (text, blocks) in expected)
        {
            var wanted = ImapNode.Read(text[1..].Trim().Replace("~\u0001", "\u0001", StringComparison.Ordinal), new Queue<string>(blocks));
            var found = came.FindIndex(c => Matches(wanted, [.. c.Nodes.Skip(1)]));
            if (text[0] != '?' && found >= 0 == (text[0] == '!'))
            {
                throw new InvalidOperationException($"{(text[0] == '!' ? "must not come" : "did not come")}: {text} [{string.Join(", ", blocks)}]\n--- came\n{string.Join('\n', came.Select(c => c.Raw))}");
            }

            if (found >= 0)
            {
                // One reply may answer several lines, but only when no other is left for them.
                var used = came[found];
                came.RemoveAt(found);
                came.Add(used);
            }
        }
    }

    private bool Matches(List<ImapNode> wanted, List<ImapNode> got)
    {
        var bound = new Dictionary<string, string>(_values, StringComparer.Ordinal);
        if (got.Count < wanted.Count || (got.Count > wanted.Count && wanted[0].Text.Equals("search", StringComparison.OrdinalIgnoreCase)))
        {
            return false;
        }

        for (var i = 0; i < wanted.Count; i++)
        {
            if (!MatchesOne(wanted[i], got[i], bound))
            {
                return false;
            }
        }

        foreach (var (name, value) in bound)
        {
            _values[name] = value;
        }

        return true;
    }

    private bool MatchesOne(ImapNode wanted, ImapNode got, Dictionary<string, string> bound)
    {
        if (!wanted.IsList)
        {
            return wanted.Text == "$" || (got.IsList ? wanted.Text.StartsWith('$') : MatchesText(wanted, got.Text, bound));
        }

        if (!got.IsList)
        {
            return false;
        }

        var items = wanted.Items!;
        if (items.Count > 0 && items[0].Text == "$!unordered")
        {
            return true;
        }

        var isFlags = got.Items!.All(g => !g.IsList) && (items.Count == 0 || items.Concat(got.Items!).Any(w => w.Text.StartsWith('\\') || w.Text.StartsWith("$$", StringComparison.Ordinal)));
        if (isFlags || IsPairs(items))
        {
            return isFlags
                ? items.All(w => got.Items!.Any(g => MatchesOne(w, g, bound))) && (items.Count > 0 || got.Items!.All(g => g.Text is "\\Recent" or "\\HasChildren" or "\\HasNoChildren" or "\\Noselect"))
                : Pairs(items).All(w => Pairs(got.Items!).Any(g => MatchesOne(w.Key, g.Key, bound) && MatchesOne(w.Value, g.Value, bound)));
        }

        return items.Count == got.Items!.Count && items.Zip(got.Items).All(p => MatchesOne(p.First, p.Second, bound));
    }

    private static bool IsPairs(IReadOnlyList<ImapNode> items) => items.Count % 2 == 0 && items.Count > 0
        && items[0] is { IsList: false, IsQuoted: false } first && PairWord().IsMatch(first.Text);

    private static IEnumerable<(ImapNode Key, ImapNode Value)> Pairs(IReadOnlyList<ImapNode> items)
    {
        for (var i = 0; i + 1 < items.Count; i += 2)
        {
            yield return (items[i], items[i + 1]);
        }
    }

    private bool MatchesText(ImapNode wanted, string got, Dictionary<string, string> bound)
    {
        if (wanted.IsQuoted)
        {
            // Where a block holds NUL the program compares what stands before it, and so the block may be wrong behind it, as in append-binary.
            (wanted, got) = wanted.Text.Contains('\0', StringComparison.Ordinal) ? (wanted with { Text = BeforeNul(wanted.Text) }, BeforeNul(got)) : (wanted, got);
            return wanted.Text.Replace("\r", "", StringComparison.Ordinal).Equals(got.Replace("\r", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase)
                || Fill(wanted.Text, bound) == got;
        }

        var pattern = new StringBuilder("^");
        var at = 0;
        foreach (Match m in Variable().Matches(wanted.Text))
        {
            pattern.Append(Regex.Escape(wanted.Text[at..m.Index]));
            at = m.Index + m.Length;
            var name = m.Groups[1].Success ? m.Groups[1].Value : m.Groups[2].Value;
            pattern.Append(m.Value == "$$" ? "\\$" : char.IsAsciiDigit(name[0]) ? CurrentNumber(int.Parse(name, CultureInfo.InvariantCulture)) : bound.TryGetValue(name, out var value) ? Regex.Escape(value) : $"(?<{name}>.*?)");
        }

        var match = Regex.Match(got, pattern.Append(Regex.Escape(wanted.Text[at..])).Append('$').ToString(), RegexOptions.IgnoreCase | RegexOptions.Singleline, TimeSpan.FromSeconds(5));
        foreach (var name in match.Groups.Keys.Where(k => match.Success && !char.IsAsciiDigit(k[0])))
        {
            bound[name] = match.Groups[name].Value;
        }

        return match.Success;
    }

    private static string BeforeNul(string text) => text[..(text.IndexOf('\0', StringComparison.Ordinal) is >= 0 and var at ? at : text.Length)];

    /// <summary>$1 is the message that was number 1 when the command began; earlier EXPUNGEs may have moved it, in whichever order they came.</summary>
    private static string CurrentNumber(int number) => string.Create(CultureInfo.InvariantCulture, $"[1-{number}]");

    private string Fill(string text, Dictionary<string, string>? values = null) => Variable().Replace(text, m =>
        m.Value == "$$" ? "$" : (values ?? _values).GetValueOrDefault(m.Groups[1].Success ? m.Groups[1].Value : m.Groups[2].Value, m.Value));

    [GeneratedRegex(@"^From .*\n", RegexOptions.Multiline)]
    private static partial Regex FromLine();

    [GeneratedRegex(@"(?:[^\n{]|\{(?!\{\{)|\{\{\{\n(?:.*?\n)??\}\}\})*\n", RegexOptions.Singleline)]
    private static partial Regex LogicalLine();

    [GeneratedRegex(@"~?\{\{\{\n(?:(.*?)\n)??\}\}\}", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("^(?:(?<conn>\\d) )?(?:(?<own>tag\\d+) )?(?:(?<status>ok|no|bad|\"\") )?(?<text>.*)$", RegexOptions.Singleline)]
    private static partial Regex CommandLine();

    [GeneratedRegex("^(?:\\d )?(ok|no|bad)\\b")]
    private static partial Regex StatusLine();

    [GeneratedRegex("^(ok|no|bad)\\b")]
    private static partial Regex StatusWord();

    [GeneratedRegex("^(?:\\d )?tag\\d+ (ok|no|bad)")]
    private static partial Regex OwnStatus();

    [GeneratedRegex(@"^(flags|uid|body.*|rfc822.*|envelope|internaldate|messages|recent|unseen|uidnext|uidvalidity|modseq)$", RegexOptions.IgnoreCase)]
    private static partial Regex PairWord();

    [GeneratedRegex(@"\$\{(\w+)\}|\$(\w+|\$)")]
    private static partial Regex Variable();

    /// <summary>One connection and what it said.</summary>
    private sealed partial class Peer(MemoryConnection connection)
    {
        public MemoryConnection Connection => connection;

        public List<string> Replies { get; } = [];

        public string Last => Replies[^1];

        public void ForgetNumbers() => Replies.Clear();

        public async Task<List<ImapNode>> ReadAsync()
        {
            var raw = new StringBuilder();
            var line = new StringBuilder();
            var literals = new Queue<string>();
            while (true)
            {
                var part = await connection.ReadLineAsync() ?? throw new EndOfStreamException($"closed after {string.Join('\n', Replies)}");
                raw.Append(part);
                if (LiteralEnd().Match(part) is not { Success: true } mark)
                {
                    Replies.Add(raw.ToString());
                    return ImapNode.Read(line.Append(part).ToString(), literals);
                }

                line.Append(part[..mark.Index]).Append('\u0001');
                var text = Encoding.Latin1.GetString(await connection.ReadBytesAsync(int.Parse(mark.Groups[1].Value, CultureInfo.InvariantCulture)));
                literals.Enqueue(text.Replace("\r", "", StringComparison.Ordinal));
                raw.Append('\n').Append(text);
            }
        }

        [GeneratedRegex(@"~?\{(\d+)\}$")]
        private static partial Regex LiteralEnd();
    }
}
