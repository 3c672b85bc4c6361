using System.Text;
using MailPlus.Engine.Delivery.Bounces;
using MailPlus.Engine.Delivery.Queue;
using MailPlus.Engine.Events;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;

namespace MailPlus.Tests.Fuzz.Inputs;

/// <summary>Notifications quote what others said: replies, names of servers, parameters of the envelope, the message itself. Nothing of it may become a field or part of its own.</summary>
internal sealed class NotificationReader : FuzzReader
{
    private const int LongestQuoted = 1000; // as replies and identifiers are cut where they are read

    private static readonly EmailAddress Sender = EmailAddress.Parse("kim@example.test");

    public override IReadOnlyList<byte[]> Seeds { get; } = Text("From: kim@example.test\r\nSubject: x\r\nMessage-ID: <a@b>\r\n\r\ntext\r\n", "550 5.1.1 <lee@there.test>: nobody\r\n", "rfc822;lee+2B@there.test", "한글 reply");

    public override IReadOnlyList<string> Words { get; } = ["\r\nBcc: x@y\r\n", "\r\n\r\n", "--", "Content-Type: text/html\r\n", "=?utf-8?Q?=0D=0ABcc:_x?="];

    public override async ValueTask ReadAsync(byte[] input, Random random)
    {
        var text = random.Next(2) == 0 ? Encoding.Latin1.GetString(input) : Encoding.UTF8.GetString(input);
        text = text[..Math.Min(text.Length, LongestQuoted)];
        var entry = new QueueEntry
        {
            Id = new EntryId(1), Accepted = new Instant(1_800_000_000_000_000), Origin = MessageOrigin.Inbound, ReversePath = Sender, Recipients = [], Size = input.Length, Prefix = [],
            Return = (DsnReturn)random.Next(3), EnvelopeId = text, Subject = text, MessageId = text, HasEightBitHeader = random.Next(2) == 0,
        };
        var recipient = new QueueRecipient(0, new Recipient(EmailAddress.Parse(random.Next(2) == 0 ? "lee@there.test" : "한글@예제.테스트"), OriginalRecipient: text));
        var result = new RecipientResult(recipient, DeliveryResult.Failed, "5.1.1", text) { RemoteMta = text, FromPeer = random.Next(2) == 0 };
        var contents = new ReportContents(entry, Sender, [new ReportedRecipient(result, (ReportAction)random.Next(1, 5))]) { Hostname = "mail.example.test", Now = entry.Accepted, GiveUp = entry.Accepted };
        var octets = await ReportMessage.WriteAsync(contents, MessageContent.FromMemory(input), default);
        var header = HeaderFields.Read(octets);
        Xunit.Assert.False(header.Has("Bcc"u8), "a field out of what was quoted");
        var parts = MessageParts.Read(MessageContent.FromMemory(octets)).All.Select(part => part.MediaType).ToList();
        Xunit.Assert.True(parts is ["text/plain", "message/delivery-status", "message/rfc822" or "message/global-headers" or "text/rfc822-headers", ..], string.Join(' ', parts));
    }
}
