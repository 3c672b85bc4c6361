using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Server;

/// <summary>Flags between their names and their bits.</summary>
internal static class FlagNames
{
    private const int MaxKeywordLength = 100;

    private static readonly (MessageFlags Flag, string Name)[] System =
    [
        (MessageFlags.Answered, "\\Answered"), (MessageFlags.Flagged, "\\Flagged"), (MessageFlags.Deleted, "\\Deleted"), (MessageFlags.Seen, "\\Seen"), (MessageFlags.Draft, "\\Draft"),
    ];

    /// <summary>Reads names as given by a client. \Recent cannot be set and is dropped, as RFC 3501 6.4.6 lets a server do.</summary>
    /// <exception cref="SyntaxException">An unknown system flag.</exception>
    /// <exception cref="RefusedException">A keyword that is too long.</exception>
    public static FlagSet Read(IEnumerable<string> names)
    {
        var flags = MessageFlags.None;
        var keywords = new List<string>();
        foreach (var name in names)
        {
            if (TrySystem(name, out var flag))
            {
                flags |= flag;
            }
            else if (name.Length > MaxKeywordLength)
            {
                throw new RefusedException(new Refusal(RefusalKind.Invalid, "KeywordInvalid"));
            }
            else if (!name.StartsWith('\\'))
            {
                if (!keywords.Contains(name, StringComparer.OrdinalIgnoreCase))
                {
                    keywords.Add(name);
                }
            }
            else if (!name.Equals("\\Recent", StringComparison.OrdinalIgnoreCase))
            {
                throw new SyntaxException("Unknown system flag");
            }
        }

        return new FlagSet(flags, keywords);
    }

    public static bool TrySystem(string name, out MessageFlags flag)
    {
        foreach (var (known, spelled) in System)
        {
            if (spelled.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                flag = known;
                return true;
            }
        }

        flag = MessageFlags.None;
        return false;
    }

    /// <summary>The bit of a keyword in a mailbox, 0 when nobody uses it there.</summary>
    public static ulong KeywordBit(IReadOnlyList<string> keywords, string name)
    {
        for (var i = 0; i < keywords.Count; i++)
        {
            if (keywords[i].Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return 1UL << i;
            }
        }

        return 0;
    }

    /// <summary>Bits of all keywords of a set.</summary>
    public static ulong KeywordBits(IReadOnlyList<string> keywords, FlagSet set)
    {
        ulong bits = 0;
        foreach (var name in set.Keywords)
        {
            bits |= KeywordBit(keywords, name);
        }

        return bits;
    }

    /// <summary>Names of the bits that are set, separated by spaces.</summary>
    public static void Write(ResponseWriter output, MessageFlags flags, ulong keywordBits, IReadOnlyList<string> keywords, ref bool any)
    {
        foreach (var (flag, name) in System)
        {
            if ((flags & flag) != 0)
            {
                Next(output, name, ref any);
            }
        }

        for (var i = 0; keywordBits != 0 && i < keywords.Count; i++, keywordBits >>= 1)
        {
            if ((keywordBits & 1) != 0)
            {
                Next(output, keywords[i], ref any);
            }
        }
    }

    /// <summary>All system flags and keywords.</summary>
    public static void WriteAll(ResponseWriter output, IReadOnlyList<string> keywords)
    {
        var any = false;
        Write(output, (MessageFlags)0xff, keywords.Count >= 64 ? ulong.MaxValue : (1UL << keywords.Count) - 1, keywords, ref any);
    }

    /// <summary>The flags and keywords that somebody with these rights may change, and whether new keywords may be made (RFC 4314 5.1).</summary>
    public static void WriteAll(ResponseWriter output, IReadOnlyList<string> keywords, Rights rights)
    {
        var (any, mayWrite) = (false, (rights & Rights.Write) != 0);
        Write(output, Allowed(rights), !mayWrite ? 0 : keywords.Count >= 64 ? ulong.MaxValue : (1UL << keywords.Count) - 1, keywords, ref any);
        if (mayWrite)
        {
            Next(output, "\\*", ref any);
        }
    }

    /// <summary>System flags that rights let change (RFC 4314 4).</summary>
    public static MessageFlags Allowed(Rights rights) =>
        ((rights & Rights.Seen) != 0 ? MessageFlags.Seen : 0) | ((rights & Rights.Delete) != 0 ? MessageFlags.Deleted : 0)
        | ((rights & Rights.Write) != 0 ? MessageFlags.Answered | MessageFlags.Flagged | MessageFlags.Draft : 0);

    /// <summary>What of a set may be given with rights; a message is put in all the same (RFC 4314 4).</summary>
    public static FlagSet Allowed(FlagSet flags, Rights rights) =>
        new(flags.System & Allowed(rights), (rights & Rights.Write) != 0 ? flags.Keywords : []);

    private static void Next(ResponseWriter output, string name, ref bool any)
    {
        if (any)
        {
            output.Write((byte)' ');
        }

        any = true;
        output.Write(name);
    }
}
