using System.Collections.Immutable;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>Keywords as bits of their mailbox. A bit is never given to another keyword, because stored states and the journal refer to it.</summary>
internal static class Keywords
{
    private const int Maximum = 64;
    private const int MaxLength = 128;

    /// <summary>The bits of keywords, adding those the mailbox does not have yet.</summary>
    /// <exception cref="RefusedException">Invalid; TooMany.</exception>
    public static (MailboxImage Mailbox, ulong Bits) Add(AccountEdit edit, MailboxImage mailbox, IReadOnlyList<string> names) => Add(edit, mailbox, names, strict: true);

    /// <summary>As <see cref="Add(AccountEdit, MailboxImage, IReadOnlyList{string})"/>, but what does not fit is left out: a message must not be lost for a keyword.</summary>
    public static (MailboxImage Mailbox, ulong Bits) AddWhatFits(AccountEdit edit, MailboxImage mailbox, IReadOnlyList<string> names) => Add(edit, mailbox, names, strict: false);

    /// <summary>The bits of those keywords that the mailbox has.</summary>
    public static ulong Known(Mailbox mailbox, IReadOnlyList<string> names) => Known(mailbox.Keywords, names);

    /// <summary>The bits of those keywords that a list has.</summary>
    public static ulong Known(IReadOnlyList<string> keywords, IReadOnlyList<string> names)
    {
        ulong bits = 0;
        foreach (var name in names)
        {
            var index = IndexOf(keywords, name);
            bits |= index < 0 ? 0 : 1UL << index;
        }

        return bits;
    }

    /// <summary>The keywords of bits.</summary>
    public static IReadOnlyList<string> Names(Mailbox mailbox, ulong bits) => Names(mailbox.Keywords, bits);

    /// <summary>The keywords of bits in a list.</summary>
    public static IReadOnlyList<string> Names(IReadOnlyList<string> keywords, ulong bits) =>
        bits == 0 ? [] : [.. keywords.Where((_, index) => (bits & (1UL << index)) != 0)];

    /// <summary>A list with the keywords it does not have yet, and the bits of all that were named; what does not fit is refused when <paramref name="strict"/>, else left out.</summary>
    /// <exception cref="RefusedException">Invalid; TooMany.</exception>
    public static (IReadOnlyList<string> Keywords, ulong Bits) Extend(IReadOnlyList<string> present, IReadOnlyList<string> names, bool strict)
    {
        ulong bits = 0;
        var keywords = names.Count == 0 ? [] : present.ToImmutableArray();
        foreach (var name in names)
        {
            var index = IndexOf(keywords, name);
            if (index < 0 && (keywords.Length == Maximum || !IsAtom(name)))
            {
                if (strict)
                {
                    throw IsAtom(name) ? AccountEdit.Refused(RefusalKind.TooMany, "TooManyKeywords", "64") : AccountEdit.Refused(RefusalKind.Invalid, "KeywordInvalid");
                }

                continue;
            }

            if (index < 0)
            {
                index = keywords.Length;
                keywords = keywords.Add(name);
            }

            bits |= 1UL << index;
        }

        return (keywords.Length > present.Count ? keywords : present, bits);
    }

    private static (MailboxImage Mailbox, ulong Bits) Add(AccountEdit edit, MailboxImage mailbox, IReadOnlyList<string> names, bool strict)
    {
        if (names.Count == 0)
        {
            return (mailbox, 0);
        }

        var (keywords, bits) = Extend(mailbox.Row.Keywords, names, strict);
        if (keywords.Count > mailbox.Row.Keywords.Count)
        {
            edit.Session.Statement("UPDATE mailbox SET keywords=? WHERE {=}id=?").Bind(0, string.Join(' ', keywords)).Bind(1, mailbox.Row.Id.Value).Execute();
            var row = mailbox.Row with { Keywords = keywords };
            mailbox = mailbox with { Row = row, State = mailbox.State?.With(row) };
            edit.Set(mailbox);
        }

        return (mailbox, bits);
    }

    private static int IndexOf(IReadOnlyList<string> keywords, string name)
    {
        for (var i = 0; i < keywords.Count; i++)
        {
            if (string.Equals(keywords[i], name, StringComparison.OrdinalIgnoreCase))
            {
                return i;
            }
        }

        return -1;
    }

    // flag-keyword = atom (RFC 3501 9).
    private static bool IsAtom(string name) =>
        name.Length is > 0 and <= MaxLength && name.All(c => c is > ' ' and < (char)127 and not ('(' or ')' or '{' or '%' or '*' or '"' or '\\' or ']'));
}
