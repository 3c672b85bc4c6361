using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MailPlus.Web.Mail.Html;
using MailPlus.Web.Mail.MessageList;
using MailPlus.Web.Mail.Reading;
using MailPlus.Web.Mail.Settings;
using MailPlus.Web.Shared;
using Microsoft.Extensions.Localization;
using MimeKit;
using MimeKit.Utils;

namespace MailPlus.Web.Mail.Compose;

/// <summary>What the page asks for when a window opens.</summary>
/// <param name="Kind">How it begins.</param>
/// <param name="Mailbox">Mailbox of the message answered, forwarded or gone on with.</param>
/// <param name="Uid">Its UID.</param>
/// <param name="To">First recipients of a new message, as in a mailto link.</param>
public sealed record ComposeRequest(ComposeKind Kind, long Mailbox = 0, uint Uid = 0, string To = "");

/// <summary>Who begins a message.</summary>
internal sealed record Writer(Actor Actor, Account Account, Viewer Viewer);

/// <summary>A message just begun: what the server keeps and what the window shows.</summary>
internal sealed record Begun(ComposeState State, ComposeContent Content);

/// <summary>Begins messages: blank, answers with quotes and threading, forwards with attachments, drafts that go on (WEB-015 to WEB-018, WEB-027).</summary>
internal sealed partial class ComposeStart(ComposeSpool spool, PreferenceFile preferences, IStringLocalizer<ComposeWindow> words)
{
    private const int LongestQuote = 300_000;

    public async Task<Begun> BeginAsync(Writer writer, IAccountStore store, ComposeRequest request, CancellationToken cancellationToken)
    {
        var state = new ComposeState(ComposeSpool.NewId(), request.Kind) { MessageId = MimeUtils.GenerateMessageId(writer.Account.PrimaryAddress.Domain.Ascii) };
        var signature = await SignatureAsync(writer, cancellationToken);
        if (request.Kind == ComposeKind.New)
        {
            var content = new ComposeContent { To = Parse(request.To), Html = $"<div><br></div>{signature}" };
            await spool.CreateAsync(writer.Actor, state, cancellationToken);
            return new Begun(state, content);
        }

        var mailbox = new MailboxId(request.Mailbox);
        await using var opened = await OpenedMessage.OpenAsync(store, mailbox, new Uid(request.Uid), cancellationToken)
            ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "MessageGone"));
        var validity = (await store.StateAsync(mailbox, cancellationToken)).Mailbox.UidValidity;
        var place = new MessagePlace(request.Mailbox, validity, request.Uid);
        state = request.Kind == ComposeKind.Draft ? GoOn(state, opened, place) : state with { Origin = place };
        if (request.Kind is ComposeKind.Reply or ComposeKind.ReplyAll)
        {
            state = Threaded(state, opened.Message);
        }

        await spool.CreateAsync(writer.Actor, state, cancellationToken);
        try
        {
            var pictures = await ImportAsync(writer.Actor, state.Id, opened, files: request.Kind is ComposeKind.Forward or ComposeKind.Draft, cancellationToken);
            state = await spool.LoadAsync(writer.Actor, state.Id, cancellationToken);
            return new Begun(state, Content(writer, request.Kind, opened, signature, id => pictures.TryGetValue(id, out var upload) ? AddressOf(state.Id, upload) : null));
        }
        catch
        {
            spool.Delete(writer.Actor, state.Id);
            throw;
        }
    }

    /// <summary>Where the editor fetches an uploaded picture.</summary>
    public static string AddressOf(string id, string upload) => $"/mail/compose/{id}/attachment/{upload}";

    private static ComposeState Threaded(ComposeState state, MimeMessage message)
    {
        if (message.MessageId is not { Length: > 0 } answered)
        {
            return state;
        }

        // RFC 5322 3.6.4; the oldest is kept and the middle dropped when a thread has grown very long.
        IReadOnlyList<string> references = [.. message.References, answered];
        return state with { InReplyTo = answered, References = references.Count <= 50 ? references : [references[0], .. references.TakeLast(49)] };
    }

    private static ComposeState GoOn(ComposeState state, OpenedMessage opened, MessagePlace place) => state with
    {
        Draft = place,
        MessageId = opened.Message.MessageId is { Length: > 0 } id ? id : state.MessageId,
        InReplyTo = opened.Message.InReplyTo ?? "",
        References = [.. opened.Message.References],
    };

    private ComposeContent Content(Writer writer, ComposeKind kind, OpenedMessage opened, string signature, Func<string, string?> picture)
    {
        var message = opened.Message;
        var subject = message.Subject ?? "";
        var (to, cc) = kind is ComposeKind.Reply or ComposeKind.ReplyAll ? Recipients(writer.Account, message, kind == ComposeKind.ReplyAll) : ([], []);
        var quoted = Quotable(opened, picture);
        return kind switch
        {
            ComposeKind.Draft => new ComposeContent
            {
                To = Of(message.To),
                Cc = Of(message.Cc),
                Bcc = Of(message.Bcc),
                Subject = subject,
                Html = quoted,
            },
            ComposeKind.Forward => new ComposeContent
            {
                Subject = Prefixed("Fwd: ", ForwardPrefix(), subject),
                Html = $"<div><br></div>{signature}<div><br></div>{ForwardHeader(writer, message)}<div><br></div>{quoted}",
            },
            _ => new ComposeContent
            {
                To = to,
                Cc = cc,
                Subject = Prefixed("Re: ", ReplyPrefix(), subject),
                Html = $"<div><br></div>{signature}<div><br></div><div>{Encode(Attribution(writer, message))}</div><blockquote type=\"cite\">{quoted}</blockquote>",
            },
        };
    }

    private static (IReadOnlyList<ComposeAddress> To, IReadOnlyList<ComposeAddress> Cc) Recipients(Account account, MimeMessage message, bool all)
    {
        var own = account.Addresses.Append(account.PrimaryAddress).Select(address => address.Key).ToHashSet(StringComparer.Ordinal);
        var isOwnMail = message.From.Mailboxes.Any(box => IsOwn(box.Address));
        var answerTo = isOwnMail ? Of(message.To) : Of(message.ReplyTo.Mailboxes.Any() ? message.ReplyTo : message.From);
        if (!all)
        {
            return (answerTo, []);
        }

        var seen = own;
        var to = Fresh(isOwnMail ? answerTo : [.. answerTo, .. Of(message.To)]);
        return (to.Count > 0 ? to : answerTo, Fresh(Of(message.Cc)));

        bool IsOwn(string? address) => EmailAddress.TryParse(address, out var parsed) && own.Contains(parsed.Key);

        List<ComposeAddress> Fresh(IEnumerable<ComposeAddress> people) =>
            [.. people.Where(person => seen.Add(EmailAddress.TryParse(person.Address, out var parsed) ? parsed.Key : person.Address))];
    }

    private async Task<string> SignatureAsync(Writer writer, CancellationToken cancellationToken)
    {
        var own = await preferences.ReadAsync(writer.Actor, cancellationToken);
        return own.Signature.Length == 0 ? "" : $"<div><br></div><div>-- <br>{Encode(own.Signature).ReplaceLineEndings("<br>")}</div>";
    }

    private string Attribution(Writer writer, MimeMessage message)
    {
        var author = message.From.Mailboxes.FirstOrDefault();
        var name = author is null ? "" : string.IsNullOrWhiteSpace(author.Name) ? author.Address : $"{author.Name} <{author.Address}>";
        return message.Headers.Contains(HeaderId.Date)
            ? words["Attribution", ListTime.Full(writer.Viewer, Instant.From(message.Date)), name]
            : words["AttributionNoDate", name];
    }

    private string ForwardHeader(Writer writer, MimeMessage message)
    {
        var lines = new StringBuilder($"<div>{Encode(words["ForwardedMessage"])}</div>");
        Line("From", message.From.ToString());
        Line("Date", message.Headers.Contains(HeaderId.Date) ? ListTime.Full(writer.Viewer, Instant.From(message.Date)) : "");
        Line("Subject", message.Subject ?? "");
        Line("To", message.To.ToString());
        Line("Cc", message.Cc.ToString());
        return lines.ToString();

        void Line(string key, string value)
        {
            if (value.Length > 0)
            {
                lines.Append("<div>").Append(Encode(words[key])).Append(": ").Append(Encode(value)).Append("</div>");
            }
        }
    }

    private static string Quotable(OpenedMessage opened, Func<string, string?> picture)
    {
        var html = opened.Html?.Text;
        if (html is { Length: > 0 and <= LongestQuote })
        {
            // Pictures of other servers stay out: answering must not tell the sender that the mail was read.
            return MessageSanitizer.Sanitize(html, new SanitizerPolicy { StyleSheets = false, Inline = picture }).Html;
        }

        var text = opened.Text?.Text ?? (html is null ? "" : HtmlText.From(html.Length > 4_000_000 ? html[..4_000_000] : html));
        return PlainText.ToHtml(text.Length > LongestQuote ? text[..LongestQuote] : text);
    }

    /// <summary>Decodes pictures of the text, and attachments too when they go along, into the folder. Returns upload ids by Content-ID.</summary>
    private async Task<Dictionary<string, string>> ImportAsync(Actor actor, string id, OpenedMessage opened, bool files, CancellationToken cancellationToken)
    {
        var html = opened.Html?.Text;
        var attached = ReadMessage.AttachmentsOf(opened, html).Select(file => file.Part).ToHashSet();
        var pictures = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var number = 0; number < opened.Parts.Count; number++)
        {
            var entity = opened.Parts[number];
            var isFile = attached.Contains(number);
            var isPicture = !isFile && entity is MimePart { ContentId: { Length: > 0 } } && FrameDocument.IsRaster(entity.ContentType);
            if (!isPicture && !(files && isFile))
            {
                continue;
            }

            await using var decoded = await DecodeAsync(actor, id, entity, cancellationToken);
            var upload = await spool.AddAsync(actor, id, new IncomingFile(ReadMessage.FileNameOf(entity, number), isPicture, decoded.Length, decoded), cancellationToken);
            if (isPicture)
            {
                pictures.TryAdd(entity.ContentId!.Trim('<', '>'), upload.Id);
            }
        }

        return pictures;
    }

    private async Task<Stream> DecodeAsync(Actor actor, string id, MimeEntity entity, CancellationToken cancellationToken)
    {
        var scratch = new FileStream(spool.ScratchFile(actor, id), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 65536, FileOptions.Asynchronous | FileOptions.DeleteOnClose);
        if (entity is MessagePart { Message: { } inner })
        {
            await inner.WriteToAsync(scratch, cancellationToken);
        }
        else if (entity is MimePart { Content: { } content })
        {
            await content.DecodeToAsync(scratch, cancellationToken);
        }

        scratch.Position = 0;
        return scratch;
    }

    private static IReadOnlyList<ComposeAddress> Parse(string list) =>
        InternetAddressList.TryParse(list, out var parsed) ? Of(parsed) : [];

    private static IReadOnlyList<ComposeAddress> Of(InternetAddressList list) =>
        [.. list.Mailboxes.Select(box => new ComposeAddress(box.Name ?? "", box.Address ?? ""))];

    private static string Prefixed(string prefix, Regex known, string subject) => known.IsMatch(subject) ? subject : prefix + subject;

    private static string Encode(string text) => WebUtility.HtmlEncode(text);

    // The prefixes other programs write, Korean ones among them.
    [GeneratedRegex(@"^\s*(?:re|회신|답장)\s*(?:\[\d+\])?\s*[:：]", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ReplyPrefix();

    [GeneratedRegex(@"^\s*(?:fwd?|전달)\s*[:：]", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ForwardPrefix();
}
