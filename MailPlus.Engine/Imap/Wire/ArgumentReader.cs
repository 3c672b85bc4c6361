using System.Buffers.Text;
using System.Globalization;
using System.Text;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Imap.Wire;

/// <summary>
/// Reads the arguments of one command from its text, literals included (RFC 3501 9). Pure: whatever does not fit the grammar throws <see cref="SyntaxException"/>.
/// </summary>
internal ref struct ArgumentReader(ReadOnlySpan<byte> text, bool hasUtf8Names = false)
{
    /// <summary>Levels of parentheses.</summary>
    public const int MaxDepth = 50;

    private readonly ReadOnlySpan<byte> _text = text;
    private readonly bool _hasUtf8Names = hasUtf8Names;
    private int _at;

    public readonly bool AtEnd => _at == _text.Length;

    public readonly int Position => _at;

    /// <summary>The octets not read yet.</summary>
    public readonly ReadOnlySpan<byte> Rest => _text[_at..];

    public readonly byte Peek() => _at < _text.Length ? _text[_at] : (byte)0;

    /// <summary>Exactly one space.</summary>
    public void Space()
    {
        if (!TryTake((byte)' '))
        {
            throw new SyntaxException(AtEnd ? "Missing argument" : "Expected a space");
        }
    }

    public bool TryTake(byte octet)
    {
        if (Peek() != octet || AtEnd)
        {
            return false;
        }

        _at++;
        return true;
    }

    public void Take(byte octet)
    {
        if (!TryTake(octet))
        {
            throw new SyntaxException(octet == (byte)'\r' ? "Expected the end of the command" : $"Expected '{(char)octet}'");
        }
    }

    /// <summary>Nothing more may follow.</summary>
    public readonly void End()
    {
        if (!AtEnd)
        {
            throw new SyntaxException("Unexpected arguments at the end");
        }
    }

    /// <summary>An atom.</summary>
    public ReadOnlySpan<byte> Atom()
    {
        var length = 0;
        var rest = Rest;
        while (length < rest.Length && IsAtomChar(rest[length]))
        {
            length++;
        }

        if (length == 0)
        {
            throw new SyntaxException("Expected an atom");
        }

        _at += length;
        return rest[..length];
    }

    /// <summary>An upper-case keyword of the grammar, such as an attribute or a search key.</summary>
    public string Word()
    {
        var atom = Atom();
        return atom.Length <= 64 ? Encoding.ASCII.GetString(atom).ToUpperInvariant() : throw new SyntaxException("Unknown word");
    }

    /// <summary>An astring: atom (with ']' allowed), quoted string or literal.</summary>
    public ReadOnlySpan<byte> AString()
    {
        if (Peek() is (byte)'"' or (byte)'{' && !AtEnd)
        {
            return String();
        }

        var rest = Rest;
        var length = 0;
        while (length < rest.Length && (IsAtomChar(rest[length]) || rest[length] == ']'))
        {
            length++;
        }

        if (length == 0)
        {
            throw new SyntaxException("Expected a string");
        }

        _at += length;
        return rest[..length];
    }

    /// <summary>A quoted string or literal.</summary>
    public ReadOnlySpan<byte> String()
    {
        if (TryTake((byte)'"'))
        {
            return Quoted();
        }

        return Peek() == '{' ? Literal() : throw new SyntaxException("Expected a string");
    }

    /// <summary>A string, or null for NIL.</summary>
    public string? NString()
    {
        if (Peek() is (byte)'"' or (byte)'{')
        {
            return Encoding.UTF8.GetString(String());
        }

        return Ascii.EqualsIgnoreCase(Atom(), "NIL"u8) ? null : throw new SyntaxException("Expected a string or NIL");
    }

    /// <summary>A string or literal8, which may hold any octets; null for NIL.</summary>
    public byte[]? NBinary()
    {
        if (TryTake((byte)'~'))
        {
            return Literal(mayHoldNul: true).ToArray();
        }

        if (Peek() is (byte)'"' or (byte)'{')
        {
            return String().ToArray();
        }

        return Ascii.EqualsIgnoreCase(Atom(), "NIL"u8) ? null : throw new SyntaxException("Expected a string or NIL");
    }

    public string AStringText() => Encoding.UTF8.GetString(AString());

    /// <summary>A mailbox name, decoded to Unicode; INBOX in capitals.</summary>
    public string Mailbox() => DecodeMailbox(AString(), _hasUtf8Names);

    /// <summary>A list-mailbox: like an astring, with wildcards.</summary>
    public string ListPattern()
    {
        if (Peek() is (byte)'"' or (byte)'{' && !AtEnd)
        {
            return DecodePattern(String(), _hasUtf8Names);
        }

        var rest = Rest;
        var length = 0;
        while (length < rest.Length && (IsAtomChar(rest[length]) || rest[length] is (byte)']' or (byte)'%' or (byte)'*'))
        {
            length++;
        }

        if (length == 0)
        {
            throw new SyntaxException("Expected a mailbox pattern");
        }

        _at += length;
        return DecodePattern(rest[..length], _hasUtf8Names);
    }

    public uint Number()
    {
        if (!char.IsAsciiDigit((char)Peek()) || !Utf8Parser.TryParse(Rest, out uint number, out var used))
        {
            throw new SyntaxException("Expected a number");
        }

        _at += used;
        return number;
    }

    /// <summary>A 63-bit number (mod-sequences, RFC 7162).</summary>
    public long LongNumber()
    {
        if (!char.IsAsciiDigit((char)Peek()) || !Utf8Parser.TryParse(Rest, out long number, out var used))
        {
            throw new SyntaxException("Expected a number");
        }

        _at += used;
        return number;
    }

    public SequenceSet Sequence()
    {
        var used = SequenceSet.TryRead(Rest, out var set);
        if (used == 0)
        {
            throw new SyntaxException("Expected a message set");
        }

        _at += used;
        return set;
    }

    /// <summary>A flag or keyword.</summary>
    public string Flag()
    {
        var isSystem = TryTake((byte)'\\');
        var name = Encoding.ASCII.GetString(Atom());
        return isSystem ? "\\" + name : name;
    }

    /// <summary>Flags in parentheses, perhaps none.</summary>
    public List<string> FlagList()
    {
        Take((byte)'(');
        var flags = new List<string>();
        while (!TryTake((byte)')'))
        {
            if (flags.Count > 0)
            {
                Space();
            }

            if (flags.Count >= 256)
            {
                throw new SyntaxException("Too many flags");
            }

            flags.Add(Flag());
        }

        return flags;
    }

    /// <summary>A date such as <c>1-Feb-1994</c>, quoted or not.</summary>
    public DateOnly Date()
    {
        var isQuoted = TryTake((byte)'"');
        var text = isQuoted ? Quoted() : Atom();
        return DateOnly.TryParseExact(Encoding.ASCII.GetString(text), ["d-MMM-yyyy", "dd-MMM-yyyy"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            ? date
            : throw new SyntaxException("Expected a date");
    }

    /// <summary>A date-time such as <c>"17-Jul-1996 02:44:25 -0700"</c>.</summary>
    public DateTimeOffset DateTime()
    {
        Take((byte)'"');
        var text = Encoding.ASCII.GetString(Quoted()).TrimStart();
        return DateTimeOffset.TryParseExact(Colon(text), ["d-MMM-yyyy HH:mm:ss zzz", "dd-MMM-yyyy HH:mm:ss zzz"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) && time.Year >= 1970
            ? time
            : throw new SyntaxException("Expected a date and time");

        static string Colon(string text) => text.Length > 5 ? text[..^2] + ":" + text[^2..] : text;
    }

    /// <summary>Tries a word without throwing; leaves the position when it is another.</summary>
    public bool TryWord(ReadOnlySpan<byte> word)
    {
        var rest = Rest;
        if (rest.Length < word.Length || !Ascii.EqualsIgnoreCase(rest[..word.Length], word) || (rest.Length > word.Length && IsAtomChar(rest[word.Length])))
        {
            return false;
        }

        _at += word.Length;
        return true;
    }

    public void Skip(int count) => _at += count;

    public static bool IsAtomChar(byte c) => c > 0x20 && c < 0x7f && c is not ((byte)'(' or (byte)')' or (byte)'{' or (byte)'%' or (byte)'*' or (byte)'"' or (byte)'\\' or (byte)']');

    /// <summary>A mailbox name as sent, decoded.</summary>
    public static string DecodeMailbox(ReadOnlySpan<byte> wire, bool isUtf8 = false)
    {
        if (!TryDecode(wire, isUtf8, out var name))
        {
            // The grammar allows any string here; that it names nothing is a NO.
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "MailboxNameInvalid"));
        }

        return name.Equals("INBOX", StringComparison.OrdinalIgnoreCase) ? "INBOX" : name;
    }

    private static bool TryDecode(ReadOnlySpan<byte> wire, bool isUtf8, out string name)
    {
        if (!isUtf8)
        {
            return ModifiedUtf7.TryDecode(wire, out name);
        }

        name = System.Text.Unicode.Utf8.IsValid(wire) ? Encoding.UTF8.GetString(wire) : "";
        return name.Length > 0 || wire.IsEmpty;
    }

    private static string DecodePattern(ReadOnlySpan<byte> wire, bool isUtf8) =>
        TryDecode(wire, isUtf8, out var pattern) ? pattern : Encoding.Latin1.GetString(wire); // matches nothing, which is no fault

    private ReadOnlySpan<byte> Quoted()
    {
        var rest = Rest;
        var end = rest.IndexOfAny((byte)'"', (byte)'\\');
        if (end >= 0 && rest[end] == '"')
        {
            _at += end + 1;
            return Checked(rest[..end]);
        }

        var octets = new byte[rest.Length];
        var length = 0;
        for (var i = 0; i < rest.Length; i++)
        {
            var c = rest[i];
            if (c == '"')
            {
                _at += i + 1;
                return Checked(octets.AsSpan(0, length));
            }

            if (c == '\\')
            {
                i++;
                if (i == rest.Length || rest[i] is not ((byte)'"' or (byte)'\\'))
                {
                    break;
                }

                c = rest[i];
            }

            octets[length++] = c;
        }

        throw new SyntaxException("A quoted string does not end");
    }

    private static ReadOnlySpan<byte> Checked(ReadOnlySpan<byte> quoted) =>
        quoted.IndexOfAny((byte)'\r', (byte)'\n', (byte)0) < 0 ? quoted : throw new SyntaxException("A quoted string holds a line end");

    private ReadOnlySpan<byte> Literal(bool mayHoldNul = false)
    {
        Take((byte)'{');
        var length = Number();
        TryTake((byte)'+');
        Take((byte)'}');
        Take((byte)'\r');
        Take((byte)'\n');
        if (length > Rest.Length)
        {
            throw new SyntaxException("A literal is cut short");
        }

        var octets = Rest[..(int)length];
        _at += (int)length;
        return !mayHoldNul && octets.Contains((byte)0) ? throw new SyntaxException("A literal holds NUL") : octets;
    }
}
