using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using MailPlus.Tests.Support;

namespace MailPlus.Tests.Imap;

/// <summary>
/// Plays a transcript: <c>C: </c> lines are sent, <c>S: </c> lines must come, in this order. <c>C2:</c> and <c>S2:</c> speak of a second connection and so on.
/// <c>$name</c> in what the server says stands for a run without spaces or brackets; the first use binds it, later uses (also in what the client says) must be the
/// same. <c>$_</c> stands for anything. Lines that begin with # are comments; <c>$$</c> is a dollar sign. <c>C-</c> sends without a line end, <c>T:</c> is a TLS handshake, <c>Z:</c> begins DEFLATE;
/// <c>S~</c> passes over what comes before the line that must come.
/// </summary>
internal sealed partial class Dialogue(Func<int, MemoryConnection> connect)
{
    public Dialogue(ImapUnderTest server)
        : this(_ => server.Connect())
    {
    }

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<int, MemoryConnection> _connections = [];

    public async Task PlayAsync(string transcript)
    {
        var number = 0;
        foreach (var line in transcript.ReplaceLineEndings("\n").Split('\n'))
        {
            number++;
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            var step = StepLine().Match(line);
            if (!step.Success)
            {
                throw new FormatException($"line {number}: {line}");
            }

            var which = step.Groups[2].Length == 0 ? 1 : int.Parse(step.Groups[2].Value, CultureInfo.InvariantCulture);
            var text = step.Groups[4].Value;
            if (step.Groups[1].Value == "T")
            {
                await Connection(which).StartTlsAsync();
                continue;
            }

            if (step.Groups[1].Value == "Z")
            {
                Connection(which).StartDeflate();
                continue;
            }

            if (step.Groups[1].Value == "C")
            {
                await Connection(which).SendAsync(Encoding.UTF8.GetBytes(Fill(text) + (step.Groups[3].Value == "-" ? "" : "\r\n")));
                continue;
            }

            var came = Readable(await Connection(which).ReadLineAsync());
            var pattern = Pattern(text);
            while (step.Groups[3].Value == "~" && came is not null && !Regex.IsMatch(came, pattern, RegexOptions.None, TimeSpan.FromSeconds(10)))
            {
                came = Readable(await Connection(which).ReadLineAsync());
            }

            if (came is null || Regex.Match(came, pattern, RegexOptions.None, TimeSpan.FromSeconds(10)) is not { Success: true } match)
            {
                throw new InvalidOperationException($"line {number}\nexpected: {text}\n     got: {came ?? "the end"}");
            }

            foreach (var name in match.Groups.Keys.Where(k => !char.IsAsciiDigit(k[0])))
            {
                _values[name] = match.Groups[name].Value;
            }
        }
    }

    /// <summary>Octets that are UTF-8 as the transcript writes them; others one character each.</summary>
    private static string? Readable(string? line)
    {
        var octets = Encoding.Latin1.GetBytes(line ?? "");
        return line is not null && System.Text.Unicode.Utf8.IsValid(octets) ? Encoding.UTF8.GetString(octets) : line;
    }

    private MemoryConnection Connection(int which)
    {
        if (!_connections.TryGetValue(which, out var connection))
        {
            _connections[which] = connection = connect(which);
        }

        return connection;
    }

    private string Fill(string text) => Variable().Replace(text, m => m.Value == "$$" ? "$" : _values[m.Groups[1].Value]);

    private string Pattern(string text)
    {
        var pattern = new StringBuilder("^");
        var at = 0;
        foreach (Match match in Variable().Matches(text))
        {
            pattern.Append(Regex.Escape(text[at..match.Index]));
            var name = match.Groups[1].Value;
            pattern.Append(match.Value switch
            {
                "$$" => "\\$",
                "$_" => ".*",
                _ => _values.TryGetValue(name, out var value) ? Regex.Escape(value) : $"(?<{name}>[^ ()\\[\\]]+)",
            });
            at = match.Index + match.Length;
        }

        return pattern.Append(Regex.Escape(text[at..])).Append('$').ToString();
    }

    [GeneratedRegex(@"^([CSTZ])(\d*)([:~-]) ?(.*)$")]
    private static partial Regex StepLine();

    [GeneratedRegex(@"\$(\w+|\$)")]
    private static partial Regex Variable();
}
