using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace MailPlus.Tests.Fuzz;

/// <summary>Judges everything a server sent in one session by the grammar of its replies. Returns null when all is right, else what is wrong.</summary>
internal static partial class ReplySyntax
{
    public static string? Smtp(byte[] received, bool cut)
    {
        string? open = null; // code of a reply whose last line has not come yet
        foreach (var line in Lines(received, cut, out var wrong))
        {
            var match = SmtpLine().Match(line);
            if (!match.Success)
            {
                return $"not a reply line: {Shown(line)}";
            }

            var code = match.Groups["code"].Value;
            if (open is not null && open != code)
            {
                return $"the lines of one reply have codes {open} and {code}";
            }

            if (match.Groups["class"] is { Success: true } enhanced && enhanced.Value[0] != code[0])
            {
                return $"enhanced code and reply code differ in class: {Shown(line)}";
            }

            open = match.Groups["more"].Value == "-" ? code : null;
            if (wrong is not null)
            {
                return wrong;
            }
        }

        return open is null || cut ? LineEnds(received, cut) : $"the last reply ({open}) never ends";
    }

    public static string? Imap(byte[] received, bool cut)
    {
        var at = 0;
        while (at < received.Length)
        {
            if (StartsTls(received, at))
            {
                return null;
            }

            var response = new StringBuilder();
            while (true)
            {
                var end = received.AsSpan(at).IndexOf("\r\n"u8);
                if (end < 0)
                {
                    return cut ? null : $"a line without end: {Shown(Encoding.Latin1.GetString(received.AsSpan(at)))}";
                }

                var line = Encoding.Latin1.GetString(received, at, end);
                at += end + 2;
                response.Append(line);
                if (LiteralAtEnd().Match(line) is not { Success: true } literal)
                {
                    break;
                }

                var length = int.Parse(literal.Groups[1].Value, CultureInfo.InvariantCulture);
                if (at + length > received.Length)
                {
                    return cut ? null : $"a literal of {length} is not complete";
                }

                at += length; // its octets are data: nothing in them counts
            }

            if (ImapResponse(response.ToString()) is { } wrong)
            {
                return wrong;
            }
        }

        return null;
    }

    /// <summary>Answers begin with +OK, -ERR or "+ "; what follows a first line that promises more ends with a dot. Which do promise is not told here: a line of a list or message must only be no answer's beginning in the wrong form.</summary>
    public static string? Pop3(byte[] received, bool cut)
    {
        var isFirst = true;
        foreach (var line in Lines(received, cut, out var wrong))
        {
            if (isFirst && !line.StartsWith("+OK ", StringComparison.Ordinal) && !line.StartsWith("-ERR ", StringComparison.Ordinal))
            {
                return $"no greeting: {Shown(line)}";
            }

            isFirst = false;
            if (line.AsSpan().IndexOfAny('\r', '\n') >= 0)
            {
                return $"CR or LF inside a line: {Shown(line)}";
            }

            if ((line.StartsWith("+OK", StringComparison.Ordinal) || line.StartsWith("-ERR", StringComparison.Ordinal)) && !Pop3Status().IsMatch(line))
            {
                return $"not a status line: {Shown(line)}";
            }

            if (wrong is not null)
            {
                return wrong;
            }
        }

        return LineEnds(received, cut);
    }

    private static string? ImapResponse(string response)
    {
        if (response.AsSpan().IndexOfAny('\r', '\n', '\0') >= 0)
        {
            return $"CR, LF or NUL inside a line: {Shown(response)}";
        }

        if (Free().IsMatch(response))
        {
            return null;
        }

        return Untagged().IsMatch(response) ? Balance(response) : $"not a response: {Shown(response)}";
    }

    /// <summary>Quotes closed, only " and \ quoted, parentheses paired.</summary>
    private static string? Balance(string response)
    {
        var depth = 0;
        for (var i = 0; i < response.Length; i++)
        {
            switch (response[i])
            {
                case '(':
                    depth++;
                    break;
                case ')' when --depth < 0:
                    return $"one ) too many: {Shown(response)}";
                case '"':
                    for (i++; ; i++)
                    {
                        if (i >= response.Length)
                        {
                            return $"an open quote: {Shown(response)}";
                        }

                        if (response[i] == '"')
                        {
                            break;
                        }

                        if (response[i] == '\\' && (++i >= response.Length || response[i] is not ('"' or '\\')))
                        {
                            return $"a wrong escape: {Shown(response)}";
                        }
                    }

                    break;
                default:
                    break;
            }
        }

        return depth == 0 ? null : $"{depth} ) too few: {Shown(response)}";
    }

    private static List<string> Lines(byte[] received, bool cut, out string? wrong)
    {
        wrong = null;
        var lines = new List<string>();
        for (var at = 0; at < received.Length && !StartsTls(received, at);)
        {
            var end = received.AsSpan(at).IndexOf("\r\n"u8);
            if (end < 0)
            {
                wrong = cut ? null : "the last line has no CRLF";
                break;
            }

            lines.Add(Encoding.Latin1.GetString(received, at, end));
            at += end + 2;
        }

        return lines;
    }

    private static string? LineEnds(byte[] received, bool cut)
    {
        var end = received.AsSpan().LastIndexOf("\r\n"u8);
        return received.Length == 0 || cut || end == received.Length - 2 || HasTls(received) ? null : "the last line has no CRLF";
    }

    /// <summary>A TLS alert: the session had said yes to STARTTLS and got no handshake.</summary>
    private static bool StartsTls(byte[] received, int at) => at + 1 < received.Length && received[at] == 0x15 && received[at + 1] == 0x03;

    private static bool HasTls(byte[] received) => received.AsSpan().IndexOf((byte[])[0x15, 0x03]) >= 0;

    private static string Shown(string text) => Regex.Replace(text.Length > 300 ? text[..300] + "…" : text, @"[^\x20-\x7e]", c => $"\\x{(int)c.Value[0]:x2}");

    [GeneratedRegex(@"^(?<code>[2-5][0-5][0-9])((?<more>[ -])((?<class>[245])\.[0-9]{1,3}\.[0-9]{1,3}( |$))?[\t\x20-\x7e\x80-\xff]*)?$")]
    private static partial Regex SmtpLine();

    [GeneratedRegex(@"^(\+OK|-ERR)( \[[A-Z/-]+\])?( [\x20-\x7e\x80-\xff]+)?$")]
    private static partial Regex Pop3Status();

    [GeneratedRegex(@"\{(\d+)\}$")]
    private static partial Regex LiteralAtEnd();

    /// <summary>Tagged lines, status responses and continuations end in free text.</summary>
    [GeneratedRegex(@"^(\+( .*)?|\* (OK|NO|BAD|BYE|PREAUTH)( .*)?|[^\x00-\x20\x7f-\xff(){%*""\\+]+ (OK|NO|BAD)( .*)?)$")]
    private static partial Regex Free();

    [GeneratedRegex(@"^\* (\d+ (EXISTS|RECENT|EXPUNGE|FETCH .*)|(CAPABILITY|LIST|LSUB|STATUS|SEARCH|ESEARCH|FLAGS|ENABLED|NAMESPACE|ID|SORT|THREAD|QUOTA|QUOTAROOT|VANISHED|METADATA|ACL|MYRIGHTS|LISTRIGHTS|XLIST|LANGUAGE|COMPARATOR|CONVERSION|GENURLAUTH|URLFETCH|UIDBATCHES)( .*)?)$")]
    private static partial Regex Untagged();
}
