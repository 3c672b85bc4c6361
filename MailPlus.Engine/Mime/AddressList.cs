namespace MailPlus.Engine.Mime;

/// <summary>What an entry of an address header is.</summary>
internal enum AddressEntryKind
{
    Mailbox,
    GroupStart,
    GroupEnd,
}

/// <summary>One entry; the ranges point into <see cref="AddressList.Text"/>. Encoded-words stay as received.</summary>
internal readonly record struct AddressEntry(AddressEntryKind Kind, Range Name, Range Route, Range Local, Range Domain);

/// <summary>
/// A forgiving reader of address headers (RFC 5322 3.4, with the obsolete forms of 4.4) that keeps names as received. It never fails: what is no address becomes
/// a local part without a domain, so that a reader still sees it. Reused from header to header.
/// </summary>
internal sealed class AddressList
{
    /// <summary>Entries kept of one field.</summary>
    public const int MaxEntries = 1000;

    private readonly ByteBuilder _comment = new(32);
    private readonly List<AddressEntry> _entries = [];
    private Range _local;
    private Range _domain;
    private int _phrase;
    private int _lastWord;
    private bool _gap;
    private bool _hasAddress;
    private bool _inGroup;

    public IReadOnlyList<AddressEntry> Entries => _entries;

    public ByteBuilder Text { get; } = new();

    public ReadOnlySpan<byte> this[Range range] => Text.Slice(range.Start.Value, range.End.Value - range.Start.Value);

    /// <summary>Reads an unfolded value.</summary>
    public void Read(ReadOnlySpan<byte> value)
    {
        _entries.Clear();
        Text.Clear();
        _inGroup = false;
        Reset();
        var i = 0;
        while (i < value.Length && _entries.Count < MaxEntries)
        {
            i = Step(value, i);
        }

        Flush();
        if (_inGroup)
        {
            Add(AddressEntryKind.GroupEnd, default, default, default, default);
        }
    }

    /// <summary>Writes the entries as an ENVELOPE address list (RFC 3501 7.4.2), NIL when there is none.</summary>
    public void Write(ByteBuilder output)
    {
        if (_entries.Count == 0)
        {
            output.Append("NIL"u8);
            return;
        }

        output.Append((byte)'(');
        foreach (var entry in _entries)
        {
            output.Append((byte)'(');
            WriteOrNil(output, entry.Kind == AddressEntryKind.Mailbox ? entry.Name : default);
            output.Append((byte)' ');
            WriteOrNil(output, entry.Route);
            output.Append((byte)' ');
            switch (entry.Kind)
            {
                case AddressEntryKind.GroupStart:
                    HeaderText.WriteString(output, this[entry.Name]);
                    output.Append(" NIL"u8);
                    break;
                case AddressEntryKind.GroupEnd:
                    output.Append("NIL NIL"u8);
                    break;
                default:
                    // NIL in either place would mean group syntax.
                    HeaderText.WriteString(output, this[entry.Local]);
                    output.Append((byte)' ');
                    HeaderText.WriteString(output, this[entry.Domain]);
                    break;
            }

            output.Append((byte)')');
        }

        output.Append((byte)')');
    }

    private int Step(ReadOnlySpan<byte> value, int i)
    {
        switch (value[i])
        {
            case (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n':
                _gap = true;
                return i + 1;
            case (byte)'(':
                _gap = true;
                return ReadComment(value, i + 1);
            case (byte)'"':
                StartWord();
                return ReadQuoted(value, i + 1);
            case (byte)'<':
                return ReadAngle(value, i + 1);
            case (byte)',':
                Flush();
                return i + 1;
            case (byte)';':
                Flush();
                if (_inGroup)
                {
                    Add(AddressEntryKind.GroupEnd, default, default, default, default);
                    _inGroup = false;
                }

                return i + 1;
            case (byte)':' when !_inGroup && !_hasAddress && Text.Length > _phrase:
                Add(AddressEntryKind.GroupStart, Phrase(), default, default, default);
                _inGroup = true;
                Reset();
                return i + 1;
            case (byte)'@' when !_hasAddress && Text.Length > _phrase:
                return ReadDomain(value, i + 1);
            case (byte)':' or (byte)'>' or (byte)')':
                return i + 1;
            default:
                StartWord();
                return ReadAtom(value, i);
        }
    }

    private int ReadAtom(ReadOnlySpan<byte> value, int i)
    {
        var rest = value[i..];
        var length = rest[1..].IndexOfAny(" \t\r\n(\"<,;:@>)"u8);
        length = length < 0 ? rest.Length : length + 1;
        Text.Append(rest[..length]);
        return i + length;
    }

    private int ReadQuoted(ReadOnlySpan<byte> value, int i)
    {
        for (; i < value.Length && value[i] != '"'; i++)
        {
            if (value[i] == '\\' && i + 1 < value.Length)
            {
                i++;
            }

            Text.Append(value[i]);
        }

        return i + 1;
    }

    private int ReadComment(ReadOnlySpan<byte> value, int i)
    {
        _comment.Clear();
        for (var depth = 1; i < value.Length; i++)
        {
            var c = value[i];
            if (c == '\\' && i + 1 < value.Length)
            {
                c = value[++i];
            }
            else if (c == '(')
            {
                depth++;
            }
            else if (c == ')' && --depth == 0)
            {
                return i + 1;
            }

            _comment.Append(c);
        }

        return i;
    }

    /// <summary>The domain after a bare local part.</summary>
    private int ReadDomain(ReadOnlySpan<byte> value, int i)
    {
        // "Name user@domain" without brackets: the last word is the local part, what stands before it the name.
        _local = new Range(_lastWord, Text.Length);
        var start = Text.Length;
        var literal = false;
        for (; i < value.Length; i++)
        {
            var c = value[i];
            if (c is (byte)' ' or (byte)'\t')
            {
                if (Text.Length > start && !literal)
                {
                    break;
                }

                continue;
            }

            if (!literal && ",;<>(:\""u8.Contains(c))
            {
                break;
            }

            literal = c == '[' || literal && c != ']';
            Text.Append(c);
        }

        _domain = new Range(start, Text.Length);
        _hasAddress = true;
        return i;
    }

    private int ReadAngle(ReadOnlySpan<byte> value, int i)
    {
        var name = _hasAddress ? default : Phrase();
        if (_hasAddress)
        {
            // "user@domain <user@domain>": the first one is the name.
            var text = Text.Length;
            Text.Append(this[_local].ToArray());
            Text.Append((byte)'@');
            Text.Append(this[_domain].ToArray());
            name = new Range(text, Text.Length);
        }

        var end = EndOfAngle(value, i);
        var inside = WithoutComments(HeaderText.Trim(value[i..end]));
        Range route = default;
        if (inside.Length > 0 && inside[0] == '@' && inside.IndexOf((byte)':') is > 0 and var colon)
        {
            route = Copy(inside[..colon]);
            inside = inside[(colon + 1)..];
        }

        // "<>" is the null reverse-path; it names nobody.
        if (inside.Length > 0)
        {
            var at = inside.LastIndexOf((byte)'@');
            var local = CopyUnquoted(at < 0 ? inside : inside[..at]);
            var domain = at < 0 ? default : Copy(HeaderText.Trim(inside[(at + 1)..]));
            i = SkipToComma(value, Math.Min(end + 1, value.Length));
            if (IsEmpty(name) && _comment.Length > 0)
            {
                name = Copy(_comment.Written);
            }

            Add(AddressEntryKind.Mailbox, name, route, local, domain);
        }
        else
        {
            i = SkipToComma(value, Math.Min(end + 1, value.Length));
            if (!IsEmpty(name))
            {
                Add(AddressEntryKind.Mailbox, default, default, name, default);
            }
        }

        Reset();
        return i;
    }

    /// <summary>An address in angle brackets may have comments and white space between its parts (RFC 5322 3.4.1, 3.2.2); they are no part of it.</summary>
    private static ReadOnlySpan<byte> WithoutComments(ReadOnlySpan<byte> inside)
    {
        if (!inside.Contains((byte)'('))
        {
            return inside;
        }

        var kept = new ByteBuilder(inside.Length);
        var depth = 0;
        var quoted = false;
        for (var i = 0; i < inside.Length; i++)
        {
            var c = inside[i];
            if (c == '\\' && i + 1 < inside.Length)
            {
                kept.Append(depth == 0 ? inside.Slice(i, 2) : default);
                i++;
            }
            else if (c is (byte)'(' or (byte)')' && !quoted)
            {
                depth = Math.Max(0, depth + (c == '(' ? 1 : -1));
            }
            else if (depth == 0)
            {
                quoted ^= c == '"';
                kept.Append(quoted || c is not ((byte)' ' or (byte)'\t') ? inside.Slice(i, 1) : default);
            }
        }

        return depth == 0 ? kept.Written : inside;
    }

    private int SkipToComma(ReadOnlySpan<byte> value, int i)
    {
        while (i < value.Length && value[i] is not ((byte)',' or (byte)';' or (byte)'<'))
        {
            i = value[i] == '(' ? ReadComment(value, i + 1) : i + 1;
        }

        return i;
    }

    private static int EndOfAngle(ReadOnlySpan<byte> value, int i)
    {
        for (var quoted = false; i < value.Length; i++)
        {
            if (value[i] == '\\' && quoted)
            {
                i++;
            }
            else if (value[i] == '"')
            {
                quoted = !quoted;
            }
            else if (value[i] == '>' && !quoted)
            {
                return i;
            }
        }

        return value.Length;
    }

    private void StartWord()
    {
        if (_gap && Text.Length > _phrase)
        {
            Text.Append((byte)' ');
            _lastWord = Text.Length;
        }

        _gap = false;
    }

    private void Flush()
    {
        if (_hasAddress)
        {
            var before = new Range(_phrase, Math.Max(_phrase, _local.Start.Value - 1));
            Add(AddressEntryKind.Mailbox, !IsEmpty(before) ? before : _comment.Length > 0 ? Copy(_comment.Written) : default, default, _local, _domain);
        }
        else if (Text.Length > _phrase)
        {
            Add(AddressEntryKind.Mailbox, default, default, Phrase(), default);
        }

        Reset();
    }

    private void Reset()
    {
        _comment.Clear();
        _phrase = _lastWord = Text.Length;
        _gap = false;
        _hasAddress = false;
        _local = _domain = default;
    }

    private Range Phrase() => new(_phrase, Text.Length);

    private static bool IsEmpty(Range range) => range.Start.Value == range.End.Value;

    private Range Copy(ReadOnlySpan<byte> octets)
    {
        var start = Text.Length;
        Text.Append(octets);
        return new Range(start, Text.Length);
    }

    private Range CopyUnquoted(ReadOnlySpan<byte> local)
    {
        local = HeaderText.Trim(local);
        if (local.Length < 2 || local[0] != '"' || local[^1] != '"')
        {
            return Copy(local);
        }

        var start = Text.Length;
        ReadQuoted(local, 1);
        return new Range(start, Text.Length);
    }

    private void WriteOrNil(ByteBuilder output, Range range)
    {
        if (IsEmpty(range))
        {
            output.Append("NIL"u8);
        }
        else
        {
            HeaderText.WriteString(output, this[range]);
        }
    }

    private void Add(AddressEntryKind kind, Range name, Range route, Range local, Range domain) => _entries.Add(new AddressEntry(kind, name, route, local, domain));
}
