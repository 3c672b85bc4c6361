using System.Text;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Tests.Store;

/// <summary>Messages for tests of the store: what they say does not matter to it.</summary>
internal static class StoreMessages
{
    public static NewMessage Make(string subject, FlagSet? flags = null, int octets = 300, string prefix = "Return-Path: <a@b>\r\n") => Over(MessageContent.FromMemory(Octets(subject, octets)), subject, flags, prefix);

    public static NewMessage Over(MessageContent content, string subject, FlagSet? flags = null, string prefix = "Return-Path: <a@b>\r\n") =>
        new(content, Summary(subject), new Instant(1_700_000_000_123_456))
        {
            Prefix = Encoding.ASCII.GetBytes(prefix), Flags = flags ?? FlagSet.None,
        };

    public static byte[] Octets(string subject, int octets)
    {
        var text = new StringBuilder($"Subject: {subject}\r\n\r\n");
        while (text.Length < octets)
        {
            text.Append("0123456789abcdef\r\n");
        }

        return Encoding.ASCII.GetBytes(text.ToString()[..Math.Max(octets, subject.Length + 13)]);
    }

    private static MessageSummary Summary(string subject) => new()
    {
        Envelope = Encoding.ASCII.GetBytes($"(NIL \"{subject}\")"), BodyStructure = Encoding.ASCII.GetBytes($"(\"TEXT\" {subject} X)"),
        Body = Encoding.ASCII.GetBytes($"(\"TEXT\" {subject})"), HeaderLength = subject.Length + 13, Subject = subject, From = "Ann ŐŐ", FromAddress = "ann@example.test",
        To = "Bob", Sent = new Instant(1_600_000_000_000_000), MessageId = $"{subject}@x", References = ["a@x", "b@x"], Preview = "한국어 미리보기", HasAttachments = true,
    };
}
