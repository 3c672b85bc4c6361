using System.Text;

namespace MailPlus.Engine.Sieve.Language;

/// <summary>Kind of a token.</summary>
internal enum SieveTokenKind
{
    /// <summary>The end of the script.</summary>
    End,

    /// <summary>A name.</summary>
    Identifier,

    /// <summary>A colon and a name.</summary>
    Tag,

    /// <summary>A number.</summary>
    Number,

    /// <summary>A string of either form.</summary>
    Text,

    /// <summary>One of the marks <c>[ ] ( ) { } , ;</c>, in the token's text.</summary>
    Mark,

    /// <summary>Nothing the language knows; a problem was reported when the text is empty.</summary>
    Garbage,
}

/// <summary>A token and where it begins.</summary>
internal readonly record struct SieveToken(SieveTokenKind Kind, string Text, int Line, ulong Number = 0)
{
    public bool Is(char mark) => Kind == SieveTokenKind.Mark && Text[0] == mark;
}

/// <summary>Cuts a script into tokens (RFC 5228 8.1). Line ends inside strings become CRLF.</summary>
internal sealed class SieveLexer(string script, SyntaxLimits limits, SieveProblems problems)
{
    private int _at = script.StartsWith('\uFEFF') ? 1 : 0;
    private int _line = 1;

    /// <summary>The next token.</summary>
    public SieveToken Next()
    {
        if (!SkipBlanks(out var broken))
        {
            return broken;
        }

        if (_at >= script.Length)
        {
            return new SieveToken(SieveTokenKind.End, "", _line);
        }

        var c = script[_at];
        if (char.IsAsciiLetter(c) || c == '_')
        {
            return Name(SieveTokenKind.Identifier);
        }

        if (char.IsAsciiDigit(c))
        {
            return Digits();
        }

        switch (c)
        {
            case ':' when _at + 1 < script.Length && (char.IsAsciiLetter(script[_at + 1]) || script[_at + 1] == '_'):
                _at++;
                return Name(SieveTokenKind.Tag);
            case '"':
                return Quoted();
            case '[' or ']' or '(' or ')' or '{' or '}' or ',' or ';':
                _at++;
                return new SieveToken(SieveTokenKind.Mark, c.ToString(), _line);
            default:
                var from = _at;
                while (_at < script.Length && !char.IsAsciiLetterOrDigit(script[_at]) && "[](){},;\"#:_ \t\r\n".IndexOf(script[_at], StringComparison.Ordinal) < 0)
                {
                    _at++;
                }

                _at = Math.Max(_at, from + 1);
                return new SieveToken(SieveTokenKind.Garbage, script[from..Math.Min(_at, from + 20)], _line);
        }
    }

    private bool SkipBlanks(out SieveToken broken)
    {
        broken = default;
        while (_at < script.Length)
        {
            var c = script[_at];
            if (c == '\n')
            {
                _line++;
                _at++;
            }
            else if (c is ' ' or '\t' or '\r')
            {
                _at++;
            }
            else if (c == '#')
            {
                var end = script.IndexOf('\n', _at);
                _at = end < 0 ? script.Length : end;
            }
            else if (c == '/' && _at + 1 < script.Length && script[_at + 1] == '*')
            {
                var end = script.IndexOf("*/", _at + 2, StringComparison.Ordinal);
                if (end < 0)
                {
                    problems.Error(_line, "the comment that begins here never ends");
                    broken = new SieveToken(SieveTokenKind.Garbage, "", _line);
                    _at = script.Length;
                    return false;
                }

                _line += script.AsSpan(_at, end - _at).Count('\n');
                _at = end + 2;
            }
            else
            {
                break;
            }
        }

        return true;
    }

    private SieveToken Name(SieveTokenKind kind)
    {
        var from = _at;
        while (_at < script.Length && (char.IsAsciiLetterOrDigit(script[_at]) || script[_at] == '_'))
        {
            _at++;
        }

        var name = script[from.._at].ToLowerInvariant();
        if (name.Length > limits.Identifier)
        {
            problems.Error(_line, $"the name '{name[..limits.Identifier]}...' is too long");
            return new SieveToken(SieveTokenKind.Garbage, "", _line);
        }

        return name == "text" && kind == SieveTokenKind.Identifier && _at < script.Length && script[_at] == ':' ? MultiLine() : new SieveToken(kind, name, _line);
    }

    private SieveToken Digits()
    {
        ulong value = 0;
        var fits = true;
        while (_at < script.Length && char.IsAsciiDigit(script[_at]))
        {
            var digit = (ulong)(script[_at++] - '0');
            fits = fits && value <= (ulong.MaxValue - digit) / 10;
            value = fits ? value * 10 + digit : 0;
        }

        if (_at < script.Length && "kKmMgG".Contains(script[_at], StringComparison.Ordinal))
        {
            var shift = char.ToLowerInvariant(script[_at++]) switch { 'k' => 10, 'm' => 20, _ => 30 };
            fits = fits && value <= ulong.MaxValue >> shift;
            value <<= shift;
        }

        if (_at < script.Length && (char.IsAsciiLetterOrDigit(script[_at]) || script[_at] == '_'))
        {
            problems.Error(_line, "a number is followed by something that is no quantifier (K, M or G)");
            while (_at < script.Length && (char.IsAsciiLetterOrDigit(script[_at]) || script[_at] == '_'))
            {
                _at++;
            }

            return new SieveToken(SieveTokenKind.Garbage, "", _line);
        }

        if (!fits)
        {
            problems.Error(_line, "the number is too large");
            return new SieveToken(SieveTokenKind.Number, "", _line);
        }

        return new SieveToken(SieveTokenKind.Number, "", _line, value);
    }

    private SieveToken Quoted()
    {
        var line = _line;
        var text = new StringBuilder();
        for (_at++; _at < script.Length; _at++)
        {
            var c = script[_at];
            if (c == '"')
            {
                _at++;
                return Text(text, line);
            }

            if (c == '\\' && _at + 1 < script.Length)
            {
                c = script[++_at];
            }

            Append(text, c);
        }

        problems.Error(line, "the string that begins here never ends");
        return new SieveToken(SieveTokenKind.Garbage, "", line);
    }

    /// <summary>After <c>text</c>: the colon, blanks, perhaps a comment, a line end; lines up to one with a single dot (RFC 5228 2.4.2).</summary>
    private SieveToken MultiLine()
    {
        var line = _line;
        _at++;
        while (_at < script.Length && script[_at] is ' ' or '\t')
        {
            _at++;
        }

        if (_at < script.Length && script[_at] == '#')
        {
            while (_at < script.Length && script[_at] != '\n')
            {
                _at++;
            }
        }

        if (_at < script.Length && script[_at] == '\r')
        {
            _at++;
        }

        if (_at >= script.Length || script[_at] != '\n')
        {
            problems.Error(line, "after 'text:' the string begins on a new line");
            return new SieveToken(SieveTokenKind.Garbage, "", line);
        }

        _at++;
        _line++;
        var text = new StringBuilder();
        while (_at < script.Length)
        {
            var end = script.IndexOf('\n', _at);
            var row = script.AsSpan(_at, (end < 0 ? script.Length : end) - _at).TrimEnd('\r');
            _at = end < 0 ? script.Length : end + 1;
            _line += end < 0 ? 0 : 1;
            if (row is ".")
            {
                return Text(text, line);
            }

            text.Append(row.StartsWith("..") ? row[1..] : row).Append("\r\n");
        }

        problems.Error(line, "the string that begins here never ends: a line with a single dot is missing");
        return new SieveToken(SieveTokenKind.Garbage, "", line);
    }

    private SieveToken Text(StringBuilder text, int line)
    {
        var value = text.ToString();
        if (value.Contains('\0', StringComparison.Ordinal))
        {
            problems.Error(line, "a string contains NUL");
            return new SieveToken(SieveTokenKind.Garbage, "", line);
        }

        return new SieveToken(SieveTokenKind.Text, value, line);
    }

    private void Append(StringBuilder text, char c)
    {
        if (c == '\n')
        {
            _line++;
            if (text.Length == 0 || text[^1] != '\r')
            {
                text.Append('\r');
            }
        }

        text.Append(c);
    }
}
