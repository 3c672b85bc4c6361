using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Sharing;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>Rights as letters (RFC 4314 2.1), with the letters c and d that clients of the first ACL extension know (RFC 4314 2.1.1).</summary>
internal static class RightsText
{
    /// <summary>In the order of the bits of <see cref="Rights"/>.</summary>
    private const string Letters = "lrswipkxtea";

    /// <summary>What c stands for.</summary>
    private const Rights OldCreate = Rights.Create | Rights.Remove;

    /// <summary>What d stands for.</summary>
    private const Rights OldDelete = Rights.Delete | Rights.Expunge;

    public static string Of(Rights rights) =>
        string.Concat(Letters.Where((_, bit) => ((int)rights & (1 << bit)) != 0)) + ((rights & OldCreate) != 0 ? "c" : "") + ((rights & OldDelete) != 0 ? "d" : "");

    /// <summary>All letters but those of some rights, each by itself: no two of them are tied (RFC 4314 3.7).</summary>
    public static string Untied(Rights without)
    {
        var letters = Letters.Where((_, bit) => ((int)without & (1 << bit)) == 0);
        return string.Join(' ', letters.Concat("cd"));
    }

    /// <summary>Reads letters.</summary>
    /// <exception cref="SyntaxException">A letter that means nothing here.</exception>
    public static Rights Parse(string text)
    {
        var rights = Rights.None;
        foreach (var letter in text)
        {
            rights |= letter switch
            {
                'c' => OldCreate,
                'd' => OldDelete,
                _ => Letters.IndexOf(letter, StringComparison.Ordinal) is >= 0 and var bit ? (Rights)(1 << bit) : throw new SyntaxException("Unknown right"),
            };
        }

        return rights;
    }

    /// <summary>The MYRIGHTS response.</summary>
    public static void WriteMyRights(ResponseWriter output, Place place)
    {
        output.Write("* MYRIGHTS "u8);
        output.Mailbox(place.Name);
        AclIdentifier.Write(output, Of(place.Rights));
        output.Line();
    }
}
