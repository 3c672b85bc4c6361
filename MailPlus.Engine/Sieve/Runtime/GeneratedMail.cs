using MailPlus.Engine.Mime;
using MailPlus.Engine.Sieve.Extensions;
using MailPlus.Engine.Sieve.Language;
using MimeKit;
using MimeKit.Utils;

namespace MailPlus.Engine.Sieve.Runtime;

/// <summary>The messages Sieve sends: answers, reports of rejection, notifications.</summary>
internal static class GeneratedMail
{
    private const int LongestSubject = 256;
    private const int MaximumReferences = 20;

    /// <summary>An answer (RFC 5230 5): to the sender by the name the message gives, in its thread, marked as automatic.</summary>
    public static MessageContent Vacation(SieveRun run, ISieveOutlet outlet, VacationAction vacation)
    {
        var answer = New(run, outlet, vacation.From ?? VacationRules.OwnAddress(run, vacation, outlet));
        answer.Headers.Replace("Auto-Submitted", "auto-replied (vacation)");
        answer.Headers.Replace("X-Auto-Response-Suppress", "All");
        answer.Headers.Replace("Precedence", "bulk");
        var sender = Sender(run);
        answer.To.Add(sender);
        if ((sender.Name ?? "").All(char.IsAscii))
        {
            // Angles and quotes, which every client shows the same way.
            var to = new Header(HeaderId.To, sender.Address);
            to.SetRawValue(System.Text.Encoding.UTF8.GetBytes($" {(string.IsNullOrEmpty(sender.Name) ? "" : MimeUtils.Quote(sender.Name) + " ")}<{sender.Address}>\r\n"));
            answer.Headers.Replace(to);
        }

        answer.Subject = Shortened(vacation.Subject ?? outlet.AnswerSubject(run.Message.Named("Subject").FirstOrDefault()?.Value));
        if (run.Message.Named("Message-ID").FirstOrDefault() is { } id)
        {
            answer.InReplyTo = MimeUtils.EnumerateReferences(id.Value).FirstOrDefault();
            var before = run.Message.Named("References").FirstOrDefault() ?? run.Message.Named("In-Reply-To").FirstOrDefault();
            foreach (var reference in MimeUtils.EnumerateReferences(before?.Value ?? "").TakeLast(MaximumReferences).Concat(MimeUtils.EnumerateReferences(id.Value).Take(1)))
            {
                answer.References.Add(reference);
            }
        }

        answer.Body = vacation.IsMime ? Entity(vacation.Reason) : new TextPart("plain") { Text = vacation.Reason };
        return Octets(answer);
    }

    /// <summary>A report that the message was refused (RFC 5429 2.1.2), as a disposition notification (RFC 8098).</summary>
    public static async ValueTask<MessageContent> RejectAsync(SieveRun run, ISieveOutlet outlet, string reason, CancellationToken cancellationToken)
    {
        var report = new MimeMessage { Subject = "Automatically rejected mail", MessageId = MimeUtils.GenerateMessageId(outlet.HostName), Date = run.Now };
        report.From.Add(new MailboxAddress("Mail Delivery Subsystem", $"Postmaster@{outlet.HostName}"));
        report.To.Add(new MailboxAddress("", run.Envelope.From!));
        report.Headers.Replace("Auto-Submitted", "auto-replied (rejected)");
        var recipient = run.Envelope.To ?? outlet.OwnAddress;
        var fields = new HeaderList();
        fields.Add("Reporting-UA", $"{outlet.HostName}; MailPlus");
        fields.Add("Final-Recipient", $"rfc822; {recipient}");
        if (run.Message.Named("Message-ID").FirstOrDefault() is { } id)
        {
            fields.Add("Original-Message-ID", id.Value);
        }

        fields.Add("Disposition", "automatic-action/MDN-sent-automatically; deleted");
        var disposition = new MessageDispositionNotification();
        foreach (var field in fields)
        {
            disposition.Fields.Add(field.Field, field.Value);
        }

        var head = await run.Message.MimeAsync(cancellationToken);
        var text = $"Your message to {recipient} was automatically rejected:\r\n{reason}\r\n";
        report.Body = new MultipartReport("disposition-notification") { new TextPart("plain") { Text = text }, disposition, new TextRfc822Headers { Message = new MimeMessage(head.Headers) } };
        return Octets(report);
    }

    /// <summary>A notification (RFC 5436 2.7).</summary>
    public static MessageContent Notification(SieveRun run, ISieveOutlet outlet, NotifyAction notify)
    {
        var mail = New(run, outlet, notify.From);
        mail.Headers.Replace("X-Sieve", "MailPlus");
        mail.Headers.Replace("Auto-Submitted", $"auto-notified; owner-email=\"{outlet.OwnAddress}\"");
        foreach (var (field, address) in notify.Method.Recipients)
        {
            (field == "Cc" ? mail.Cc : mail.To).Add(new MailboxAddress(address.Name, address.All));
        }

        var subject = notify.Method.Headers.FirstOrDefault(header => header.Name.Equals("subject", StringComparison.OrdinalIgnoreCase)).Value;
        var sender = run.Message.Named("From").FirstOrDefault()?.Value ?? run.Envelope.From;
        mail.Subject = Shortened(notify.Message ?? subject ?? $"New mail from {sender}: {run.Message.Named("Subject").FirstOrDefault()?.Value}");
        var (importance, priority) = notify.Importance switch { 1 => ("high", "1 (Highest)"), 3 => ("low", "5 (Lowest)"), _ => ("normal", "3 (Normal)") };
        mail.Headers.Replace("Importance", importance);
        mail.Headers.Replace("X-Priority", priority);
        foreach (var (name, value) in notify.Method.Headers.Where(header => !header.Name.Equals("subject", StringComparison.OrdinalIgnoreCase)))
        {
            mail.Headers.Add(name, value);
        }

        mail.Body = new TextPart("plain") { Text = notify.Method.Body ?? notify.Message ?? $"There is new mail from {sender}.\r\n" };
        return Octets(mail);
    }

    private static MimeMessage New(SieveRun run, ISieveOutlet outlet, string? from)
    {
        var message = new MimeMessage { MessageId = MimeUtils.GenerateMessageId(outlet.HostName), Date = run.Now };
        message.From.Clear();
        message.From.Add(from is not null && SieveAddress.Parse(from, true) is { } given && outlet.MayUse(given.All)
            ? new MailboxAddress(given.Name, given.All)
            : new MailboxAddress(outlet.OwnName, run.Envelope.To is { Length: > 0 } to ? to : outlet.OwnAddress));
        return message;
    }

    /// <summary>The sender by the name a field of the message gives to the address of the envelope.</summary>
    private static MailboxAddress Sender(SieveRun run)
    {
        foreach (var field in new[] { "Sender", "Resent-From", "From", "Reply-To" }.SelectMany(run.Message.Named))
        {
            foreach (var address in SieveAddress.InField(field.Raw, field.ValueStart).Where(address => address.All.Equals(run.Envelope.From, StringComparison.OrdinalIgnoreCase)))
            {
                return new MailboxAddress(address.Name, address.All);
            }
        }

        return new MailboxAddress("", run.Envelope.From!);
    }

    /// <summary>A subject in one line and of a length that people read.</summary>
    public static string Shortened(string subject)
    {
        subject = subject.ReplaceLineEndings(" ");
        return subject.Length <= LongestSubject ? subject : string.Concat(subject.AsSpan(0, char.IsHighSurrogate(subject[LongestSubject - 2]) ? LongestSubject - 2 : LongestSubject - 1), "\u2026");
    }

    private static MimeEntity Entity(string text)
    {
        using var octets = new MemoryStream(OctetText.Write(text));
        return MimeEntity.Load(octets);
    }

    private static MessageContent Octets(MimeMessage message)
    {
        using var octets = new MemoryStream();
        var options = FormatOptions.Default.Clone();
        options.NewLineFormat = NewLineFormat.Dos;
        message.WriteTo(options, octets);
        return MessageContent.FromMemory(octets.ToArray());
    }
}
