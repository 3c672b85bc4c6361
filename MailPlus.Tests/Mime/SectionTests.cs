using System.Text;
using MailPlus.Engine.Mime;
using Xunit;

namespace MailPlus.Tests.Mime;

/// <summary>Sections of messages by number, and their decoded parts.</summary>
public sealed class SectionTests
{
    private const string Message = """
        From: user@domain.org
        Subject: top
        Content-Type: multipart/mixed; boundary=foo

        prologue
        --foo
        Content-Type: text/plain; charset=utf-8
        Content-Transfer-Encoding: quoted-printable

        h=C3=A9llo

        --foo
        Content-Type: message/rfc822

        From: sub@domain.org
        X-Foo: a
         b
        Subject: submsg
        Content-Type: multipart/alternative; boundary=sub1

        sub prologue
        --sub1
        Content-Type: text/html

        <p>Hello world</p>

        --sub1
        Content-Type: text/plain

        Hello another world

        --sub1--
        sub epilogue

        --foo
        Content-Type: application/octet-stream; name="=?utf-8?B?7ZWcLmJpbg==?="
        Content-Disposition: attachment; filename*=utf-8''..%2F%ED%95%9C.bin
        Content-Transfer-Encoding: base64

        AAECAwQ=
        --foo
        Content-Type: message/rfc822

        Subject: simple

        simple body

        --foo--
        epilogue

        """;

    [Theory]
    [InlineData("TEXT", null)]
    [InlineData("HEADER.FIELDS", "Subject: top\n\n")]
    [InlineData("HEADER.FIELDS.NOT", "From: user@domain.org\nContent-Type: multipart/mixed; boundary=foo\n\n")]
    [InlineData("1", "h=C3=A9llo\n")]
    [InlineData("1.MIME", "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n")]
    [InlineData("2.MIME", "Content-Type: message/rfc822\n\n")]
    [InlineData("2.HEADER", "From: sub@domain.org\nX-Foo: a\n b\nSubject: submsg\nContent-Type: multipart/alternative; boundary=sub1\n\n")]
    [InlineData("2.HEADER.FIELDS", "Subject: submsg\n\n")]
    [InlineData("2.1", "<p>Hello world</p>\n")]
    [InlineData("2.2", "Hello another world\n")]
    [InlineData("2.2.MIME", "Content-Type: text/plain\n\n")]
    [InlineData("2.TEXT", "sub prologue\n--sub1\nContent-Type: text/html\n\n<p>Hello world</p>\n\n--sub1\nContent-Type: text/plain\n\nHello another world\n\n--sub1--\nsub epilogue\n")]
    [InlineData("3", "AAECAwQ=")]
    [InlineData("4", "Subject: simple\n\nsimple body\n")]
    [InlineData("4.1", "simple body\n")]
    [InlineData("4.TEXT", "simple body\n")]
    [InlineData("4.1.MIME", "Subject: simple\n\n")]
    [InlineData("5", "<none>")]
    [InlineData("1.1", "<none>")]
    [InlineData("4.2", "<none>")]
    [InlineData("4.1.1", "<none>")]
    [InlineData("1.TEXT", "<none>")]
    public async Task SectionsAreRangesOfTheMessage(string section, string? expected)
    {
        Assert.True(SectionPath.TryParse(Encoding.ASCII.GetBytes(section), out var path));
        var octets = Encoding.ASCII.GetBytes(Message.ReplaceLineEndings("\r\n"));
        var content = MessageContent.FromMemory(octets);
        var locator = new PartLocator(content, octets.AsSpan().IndexOf("\r\n\r\n"u8) + 4);
        var found = await locator.FindAsync(path with { Fields = ["subject"] }, default);
        var text = found is null ? "<none>" : Encoding.ASCII.GetString(found.Value.Made is { } made ? made.ToArray() : octets.AsSpan((int)found.Value.Offset, (int)found.Value.Length).ToArray());
        Assert.Equal((expected ?? Message[Message.IndexOf("prologue", StringComparison.Ordinal)..]).ReplaceLineEndings("\r\n"), text);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1.")]
    [InlineData("1..2")]
    [InlineData("MIME")]
    [InlineData("HEADERS")]
    [InlineData("99999999999")]
    [InlineData("x")]
    public void NonsenseIsNoSection(string section) => Assert.False(SectionPath.TryParse(Encoding.ASCII.GetBytes(section), out _));

    [Fact]
    public void PartsHaveNamesAndDecodedOctets()
    {
        var parts = MessageParts.Read(MessageContent.FromMemory(Encoding.ASCII.GetBytes(Message.ReplaceLineEndings("\r\n"))));
        Assert.Equal(["1 text/plain False", "2 message/rfc822 True", "3 application/octet-stream True", "4 message/rfc822 True"],
            parts.All.Select(p => $"{p.Number} {p.MediaType} {p.IsAttachment}"));
        Assert.Equal("한.bin", parts.All[2].FileName);
        using var stream = parts.OpenDecoded(parts.All[2]);
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        Assert.Equal([0, 1, 2, 3, 4], copy.ToArray());
        Assert.Equal("héllo\r\n", parts.ReadText(parts.All[0]));
    }

    [Fact]
    public void BodyTextLeavesAttachmentsOut()
    {
        var text = MessageText.Read(MessageContent.FromMemory(Encoding.ASCII.GetBytes(Message.ReplaceLineEndings("\r\n"))));
        Assert.Equal("héllo\r\n", text.Plain);
        Assert.Null(text.Html);
    }
}
