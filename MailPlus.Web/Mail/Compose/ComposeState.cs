using System.Text.Json.Serialization;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.Mail.Compose;

/// <summary>How a message is begun.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ComposeKind>))]
public enum ComposeKind
{
    /// <summary>Blank.</summary>
    New,

    /// <summary>To the author.</summary>
    Reply,

    /// <summary>To everybody.</summary>
    ReplyAll,

    /// <summary>To somebody else, attachments kept.</summary>
    Forward,

    /// <summary>A draft goes on.</summary>
    Draft,
}

/// <summary>A stored message by place.</summary>
/// <param name="Mailbox">Mailbox.</param>
/// <param name="UidValidity">Its UIDVALIDITY; under another one the UID means nothing.</param>
/// <param name="Uid">UID.</param>
public sealed record MessagePlace(long Mailbox, uint UidValidity, uint Uid);

/// <summary>An uploaded file.</summary>
/// <param name="Id">32 hexadecimal digits, also its file's name in the compose folder.</param>
/// <param name="Name">File name for people.</param>
/// <param name="MediaType">Media type, by the name's ending.</param>
/// <param name="Octets">Size.</param>
/// <param name="Inline">Shown in the text, not listed.</param>
public sealed record Upload(string Id, string Name, string MediaType, long Octets, bool Inline)
{
    /// <summary>Content-ID of a picture in the text.</summary>
    public string ContentId => $"{Id}@mailplus";
}

/// <summary>What the server keeps of a message being written, beside the uploaded files; what is typed lives in the browser and, saved, in Drafts.</summary>
/// <param name="Id">32 hexadecimal digits.</param>
/// <param name="Kind">How it was begun.</param>
public sealed record ComposeState(string Id, ComposeKind Kind)
{
    /// <summary>The message answered or forwarded.</summary>
    public MessagePlace? Origin { get; init; }

    /// <summary>In-Reply-To, without brackets, "" for none.</summary>
    public string InReplyTo { get; init; } = "";

    /// <summary>References, without brackets.</summary>
    public IReadOnlyList<string> References { get; init; } = [];

    /// <summary>Message-ID, without brackets; the same from the first draft to the sent message, so that a repeated Send is recognised.</summary>
    public string MessageId { get; init; } = "";

    /// <summary>Uploaded files.</summary>
    public IReadOnlyList<Upload> Uploads { get; init; } = [];

    /// <summary>The version saved in Drafts.</summary>
    public MessagePlace? Draft { get; init; }

    /// <summary>It was accepted for delivery: a repeated Send only answers yes.</summary>
    public bool Sent { get; init; }
}

/// <summary>A person in To, Cc or Bcc as the page sends it.</summary>
public sealed record ComposeAddress(string Name, string Address);

/// <summary>What the browser holds of a message being written.</summary>
public sealed record ComposeContent
{
    /// <summary>To.</summary>
    public IReadOnlyList<ComposeAddress> To { get; init; } = [];

    /// <summary>Cc.</summary>
    public IReadOnlyList<ComposeAddress> Cc { get; init; } = [];

    /// <summary>Bcc.</summary>
    public IReadOnlyList<ComposeAddress> Bcc { get; init; } = [];

    /// <summary>Subject.</summary>
    public string Subject { get; init; } = "";

    /// <summary>The editor's HTML.</summary>
    public string Html { get; init; } = "";

    /// <summary>Refuses what could not be an honest page: sizes, controls in a header.</summary>
    /// <exception cref="RefusedException">TooMany, TooLarge, Invalid.</exception>
    public void Check()
    {
        const int MostRecipients = 2000;
        if (To.Count + Cc.Count + Bcc.Count > MostRecipients)
        {
            throw new RefusedException(new Refusal(RefusalKind.TooMany, "TooManyRecipients") { Field = "to" });
        }

        // RFC 5322 2.1.1 allows 998 octets a line; folded subjects may be longer, but nobody means this.
        if (Subject.Length > 2000 || To.Concat(Cc).Concat(Bcc).Any(person => person.Name.Length > 500 || person.Address.Length > 500))
        {
            throw new RefusedException(new Refusal(RefusalKind.TooLarge, "HeaderTooLong") { Field = "subject" });
        }
    }
}
