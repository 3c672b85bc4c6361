using System.Text;
using MailPlus.Engine.Mime;

namespace MailPlus.Tests.Fuzz.Inputs;

/// <summary>Messages: everything that is learned of one at acceptance, shown of it later, and taken out of it.</summary>
internal sealed class MessageReader : FuzzReader
{
    private const int MostDecoded = 4 * 1024 * 1024;

    private readonly MessageScanner _scanner = new();

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. MailPlus.Tests.Fuzz.Seeds.Messages(200),
        .. Text(
            "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nin\r\n--x\r\nContent-Type: text/html; charset=euc-kr\r\nContent-Transfer-Encoding: base64\r\n\r\nPGI+x/GxvDwvYj4=\r\n--x--\r\n",
            "From: =?utf-8?B?6rmA?= <kim@x.test>, g: a@b, c@d;, <@r:e@f>\r\nTo: undisclosed-recipients:;\r\nSubject: Re: Fwd: =?euc-kr?Q?=C7=D1?= [list] x\r\nReferences: <a@b> <c@d>\r\nContent-Type: text/plain; name*0*=utf-8'ko'%ED; name*1=x\r\n\r\n"),
    ];

    public override IReadOnlyList<string> Words { get; } =
        ["Content-Type: multipart/digest; boundary=\"\"\r\n", "Content-Type: message/rfc822\r\n\r\n", "Content-Transfer-Encoding: quoted-printable\r\n", "\r\n\r\n", "name*99*=utf-8''%", "=?x?B?=?=", "; charset=utf-7", "<!--", "<style>", "&#1114112;", ";;;", "(((("];

    public override async ValueTask ReadAsync(byte[] input, Random random)
    {
        var content = MessageContent.FromMemory(input);
        var (one, two) = (_scanner.Scan(content), _scanner.Scan(content));
        Xunit.Assert.True(one.Envelope.Span.SequenceEqual(two.Envelope.Span) && one.BodyStructure.Span.SequenceEqual(two.BodyStructure.Span), "a message scanned twice");
        MustEqual((one.Subject, one.From, one.To, one.Preview), (two.Subject, two.From, two.To, two.Preview), "a message scanned twice");
        Xunit.Assert.InRange(one.HeaderLength, 0, input.Length);
        BaseSubject.Of(one.Subject);
        foreach (var field in Enum.GetValues<EnvelopeReader.Field>())
        {
            EnvelopeReader.FirstAddress(one.Envelope.Span, field);
        }

        MessageText.Read(content);
        var parts = MessageParts.Read(content);
        foreach (var part in parts.All.Take(20))
        {
            parts.ReadText(part);
            await using var decoded = parts.OpenDecoded(part);
            await CountAsync(decoded);
        }

        var locator = new PartLocator(content, one.HeaderLength);
        foreach (var section in new[] { "", "1", "2.1", "HEADER", "1.MIME", "1.HEADER", "2.TEXT", "HEADER.FIELDS (Subject From)", "1.HEADER.FIELDS.NOT (To)" })
        {
            if (SectionPath.TryParse(Encoding.ASCII.GetBytes(section), out var path) && await locator.FindAsync(path, default) is { } octets)
            {
                Xunit.Assert.True(octets.Offset >= 0 && octets.Length >= 0 && (octets.Made?.Length ?? content.Length) >= octets.Offset + octets.Length, $"{section} is {octets} of {content.Length} octets");
            }
        }

        HeaderFields.Read(input.AsMemory(0, random.Next(input.Length + 1)), mayGoOn: true);
        PartText.StripHtml(Encoding.Latin1.GetString(input), 10_000);
        CharsetGuess.Decode(input, new[] { null, "utf-7", "euc-kr", "iso-2022-kr", "gb18030", "x-unknown" }[random.Next(6)]);
    }

    private static async Task CountAsync(Stream decoded)
    {
        var buffer = new byte[16 * 1024];
        var length = 0L;
        for (int read; (read = await decoded.ReadAsync(buffer)) > 0;)
        {
            length += read;
            Xunit.Assert.True(length <= MostDecoded, "a part that decodes to more than it can hold");
        }
    }
}
