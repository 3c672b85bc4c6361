using System.Globalization;
using System.Text;
using MailPlus.Engine.Delivery.Queue;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MimeKit;
using MimeKit.Utils;

namespace MailPlus.Engine.Delivery.Bounces;

/// <summary>A recipient in a notification.</summary>
internal sealed record ReportedRecipient(RecipientResult Result, ReportAction Action);

/// <summary>What a notification tells.</summary>
/// <param name="Entry">The message it is about.</param>
/// <param name="To">Who is told.</param>
/// <param name="Recipients">Of which recipients.</param>
internal sealed record ReportContents(QueueEntry Entry, EmailAddress To, IReadOnlyList<ReportedRecipient> Recipients)
{
    /// <summary>Our name.</summary>
    public required string Hostname { get; init; }

    /// <summary>The present.</summary>
    public required Instant Now { get; init; }

    /// <summary>When delivery is given up.</summary>
    public required Instant GiveUp { get; init; }
}

/// <summary>Writes a delivery status notification: multipart/report (RFC 6522) with a text for people, message/delivery-status (RFC 3464) and the message or its header.</summary>
internal static class ReportMessage
{
    /// <summary>A returned message is cut to its header beyond this (RFC 3461 5.1 lets a reporter do so), and a header to its beginning.</summary>
    public const int LongestReturned = 128 * 1024;

    /// <summary>The octets of the notification.</summary>
    public static async Task<byte[]> WriteAsync(ReportContents contents, MessageContent original, CancellationToken cancellationToken)
    {
        using var message = new MimeMessage();
        message.From.Add(new MailboxAddress("Mail Delivery System", $"MAILER-DAEMON@{contents.Hostname}"));
        message.To.Add(new MailboxAddress("", contents.To.ToString()));
        message.Subject = Subject(contents.Recipients[0].Action);
        message.Date = contents.Now.ToDateTimeOffset();
        message.MessageId = MimeUtils.GenerateMessageId(contents.Hostname);
        message.Headers.Add("Auto-Submitted", "auto-replied"); // RFC 3834 5
        if (contents.Entry.Terms.WaivesTls)
        {
            message.Headers.Add(TlsHeader.Name, TlsHeader.Waiver);
        }

        if (contents.Entry.MessageId.Length > 0)
        {
            message.Headers.Add(HeaderId.References, $"<{Clean(contents.Entry.MessageId)}>");
        }

        using var report = new MultipartReport("delivery-status") { Words(contents), Status(contents), await ReturnedAsync(contents, original, cancellationToken) };
        message.Body = report;
        using var target = new MemoryStream();
        var format = FormatOptions.Default.Clone();
        format.NewLineFormat = NewLineFormat.Dos;
        await message.WriteToAsync(format, target, cancellationToken);
        return target.ToArray();
    }

    private static string Subject(ReportAction action) => action switch
    {
        ReportAction.Failed => "Your message could not be delivered",
        ReportAction.Delayed => "Your message is delayed",
        _ => "Your message was delivered",
    };

    private static string Text(ReportContents contents)
    {
        var text = new StringBuilder().Append("This is the mail server ").Append(contents.Hostname).Append(".\r\n\r\n");
        text.Append(contents.Recipients[0].Action switch
        {
            ReportAction.Failed => "Your message could not be delivered to the recipients below. No further attempt is made.\r\n",
            ReportAction.Delayed => $"Your message could not be delivered yet. You need not send it again:\r\ndelivery is tried until {HeaderRewrite.Rfc5322(contents.GiveUp)}.\r\n",
            _ => "Your message was delivered, as you asked to be told.\r\n",
        });
        text.Append("\r\nSubject: ").Append(contents.Entry.Subject.Length > 0 ? contents.Entry.Subject : "(none)").Append("\r\nAccepted: ").Append(HeaderRewrite.Rfc5322(contents.Entry.Accepted)).Append("\r\n");
        foreach (var (result, action) in contents.Recipients)
        {
            text.Append("\r\n<").Append(result.Recipient.Recipient.Address.ToDisplayString()).Append(">\r\n    ");
            if (action == ReportAction.Relayed)
            {
                text.Append("passed on to ").Append(result.RemoteMta).Append(", which sends no notice of delivery: ");
            }
            else if (result.FromPeer && result.RemoteMta.Length > 0)
            {
                text.Append(result.RemoteMta).Append(" said: ");
            }

            text.Append(Clean(result.Reply)).Append("\r\n");
        }

        return text.ToString();
    }

    private static TextPart Words(ReportContents contents)
    {
        var text = Text(contents);
        return new TextPart("plain") { Text = text, ContentTransferEncoding = Ascii.IsValid(text) ? ContentEncoding.SevenBit : ContentEncoding.QuotedPrintable };
    }

    /// <summary>Groups of fields with an empty line between them, none after the last (RFC 3464 2.1).</summary>
    private static MimePart Status(ReportContents contents)
    {
        var ofMessage = new HeaderList { { "Reporting-MTA", $"dns; {contents.Hostname}" } };
        if (contents.Entry.EnvelopeId is { Length: > 0 } envelopeId)
        {
            ofMessage.Add("Original-Envelope-Id", Clean(envelopeId));
        }

        ofMessage.Add("Arrival-Date", HeaderRewrite.Rfc5322(contents.Entry.Accepted));
        if (contents.Entry.Terms.DeliverBy is { } by)
        {
            ofMessage.Add("Deliver-By-Date", HeaderRewrite.Rfc5322(by)); // RFC 2852
        }

        if (contents.Entry.Terms.HoldUntil is { } hold)
        {
            ofMessage.Add("Future-Release-Request", $"until; {hold.ToDateTimeOffset():yyyy-MM-dd'T'HH:mm:ss'Z'}"); // RFC 4865
        }

        var target = new MemoryStream();
        var format = FormatOptions.Default.Clone();
        format.NewLineFormat = NewLineFormat.Dos;
        ofMessage.WriteTo(format, target);
        foreach (var (result, action) in contents.Recipients)
        {
            StatusOf(result, action, contents).WriteTo(format, target);
        }

        target.SetLength(target.Length - 2); // WriteTo ends each group with an empty line
        target.Position = 0;
        return new MimePart("message", "delivery-status") { Content = new MimeContent(target), ContentTransferEncoding = ContentEncoding.SevenBit };
    }

    private static HeaderList StatusOf(RecipientResult result, ReportAction action, ReportContents contents)
    {
        var recipient = result.Recipient.Recipient;
        var fields = new HeaderList();
        if (recipient.OriginalRecipient is { Length: > 0 } original)
        {
            fields.Add("Original-Recipient", Clean(original));
        }

        // RFC 6533 3: an address that is not ASCII is of type utf-8, in its 7-bit form here because the part is message/delivery-status.
        fields.Add("Final-Recipient", recipient.Address.NeedsSmtpUtf8 ? $"utf-8; {Utf8Address(recipient.Address)}" : $"rfc822; {recipient.Address}");
        fields.Add("Action", action.ToString().ToLowerInvariant());
        fields.Add("Status", action switch
        {
            ReportAction.Failed when result.Status is ['2', ..] => "5.0.0",
            ReportAction.Delayed when result.Status is not ['4', ..] => "4.0.0",
            _ => result.Status,
        });
        if (result.RemoteMta.Length > 0)
        {
            fields.Add("Remote-MTA", $"dns; {Clean(result.RemoteMta)}");
        }

        if (action is ReportAction.Failed or ReportAction.Delayed)
        {
            fields.Add("Diagnostic-Code", $"{(result.FromPeer ? "smtp" : "x-mailplus")}; {Clean(result.Reply)}");
        }

        fields.Add("Last-Attempt-Date", HeaderRewrite.Rfc5322(contents.Now));
        if (action == ReportAction.Delayed)
        {
            fields.Add("Will-Retry-Until", HeaderRewrite.Rfc5322(contents.GiveUp));
        }

        return fields;
    }

    private static async Task<MimeEntity> ReturnedAsync(ReportContents contents, MessageContent original, CancellationToken cancellationToken)
    {
        var whole = contents.Entry.Return == DsnReturn.Full && contents.Recipients[0].Action == ReportAction.Failed && original.Length <= LongestReturned;
        ReadOnlyMemory<byte> octets;
        if (whole)
        {
            octets = await ReadAsync(original, cancellationToken);
        }
        else
        {
            var header = await HeaderFields.ReadAsync(original, cancellationToken);
            octets = Beginning(header, await ReadAsync(original, cancellationToken));
        }

        var eightBit = octets.Span.IndexOfAnyExceptInRange((byte)0, (byte)127) >= 0;
        var type = whole ? ("message", "rfc822") : contents.Entry.HasEightBitHeader ? ("message", "global-headers") : ("text", "rfc822-headers");
        return new MimePart(type.Item1, type.Item2)
        {
            ContentTransferEncoding = eightBit ? ContentEncoding.EightBit : ContentEncoding.SevenBit,
            Content = new MimeContent(new MemoryStream(octets.ToArray(), writable: false)),
        };
    }

    private static ReadOnlyMemory<byte> Beginning(HeaderFields header, ReadOnlyMemory<byte> octets)
    {
        var end = 0;
        foreach (var field in header.Fields)
        {
            if (field.End > Math.Min(octets.Length, LongestReturned))
            {
                break;
            }

            end = field.End;
        }

        return octets[..end];
    }

    private static async Task<byte[]> ReadAsync(MessageContent content, CancellationToken cancellationToken)
    {
        await using var stream = content.OpenRead();
        var octets = new byte[(int)Math.Min(content.Length, LongestReturned)];
        await stream.ReadExactlyAsync(octets, cancellationToken);
        return octets;
    }

    /// <summary>RFC 6533 3: utf-8-addr-xtext.</summary>
    private static string Utf8Address(EmailAddress address)
    {
        var text = new StringBuilder();
        foreach (var rune in address.ToString().EnumerateRunes())
        {
            if (rune.Value is > 32 and < 127 and not '\\' and not '+' and not '=')
            {
                text.Append((char)rune.Value);
            }
            else
            {
                text.Append(CultureInfo.InvariantCulture, $"\\x{{{rune.Value:X}}}");
            }
        }

        return text.ToString();
    }

    private static string Clean(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
}
