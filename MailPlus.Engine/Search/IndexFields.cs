namespace MailPlus.Engine.Search;

/// <summary>Names of the index's fields.</summary>
internal static class IndexFields
{
    /// <summary>Terms of Subject.</summary>
    public const string Subject = "s";

    /// <summary>Terms of From.</summary>
    public const string From = "f";

    /// <summary>Terms of To.</summary>
    public const string To = "t";

    /// <summary>Terms of Cc.</summary>
    public const string Cc = "c";

    /// <summary>Terms of all other header fields, and of all their names.</summary>
    public const string OtherHeaders = "o";

    /// <summary>Terms of the body.</summary>
    public const string Body = "b";

    /// <summary>Names of the header fields that are there.</summary>
    public const string Names = "n";

    /// <summary>Words without accents and stems, where they differ from the words.</summary>
    public const string Loose = "z";

    /// <summary>Marks messages that every search has to read.</summary>
    public const string Opaque = "x";

    /// <summary>One message: account, mailbox, UID.</summary>
    public const string Message = "i";

    /// <summary>All messages of a mailbox.</summary>
    public const string Mailbox = "m";

    /// <summary>All messages of an account, and its watermark.</summary>
    public const string Account = "a";

    /// <summary>The document with an account's watermark.</summary>
    public const string Watermark = "w";

    /// <summary>The watermark itself.</summary>
    public const string Marks = "p";

    /// <summary>Account of a message, as number.</summary>
    public const string AccountValue = "va";

    /// <summary>Mailbox of a message, as number.</summary>
    public const string MailboxValue = "vm";

    /// <summary>UID of a message.</summary>
    public const string UidValue = "vu";

    /// <summary>Where any word of a message may be.</summary>
    public static readonly IReadOnlyList<string> Text = [Subject, From, To, Cc, OtherHeaders, Body];

    /// <summary>Where words of the header may be.</summary>
    public static readonly IReadOnlyList<string> Header = [Subject, From, To, Cc, OtherHeaders];

    /// <summary>Where words of a header field are.</summary>
    public static string OfHeader(string name) => name.ToUpperInvariant() switch
    {
        "SUBJECT" => Subject,
        "FROM" => From,
        "TO" => To,
        "CC" => Cc,
        _ => OtherHeaders,
    };

    /// <summary>Name of a message.</summary>
    public static string OfMessage(long account, long mailbox, uint uid) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{account}.{mailbox}.{uid}");

    /// <summary>Name of a mailbox.</summary>
    public static string OfMailbox(long account, long mailbox) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{account}.{mailbox}");
}
