using System.Buffers;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Smtp.Wire;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Smtp;

public sealed class SmtpWireTests
{
    private static readonly Gen<string> MessagePiece = Gen.Elements("\r\n", ".", "..", "a", "Subject: x", "\r\n.", "\r", "\n", " ");

    [Theory]
    [InlineData("<>", SmtpPathKind.Null, null)]
    [InlineData("<a@b.test>", SmtpPathKind.Mailbox, "a@b.test")]
    [InlineData(" <a@b.test>", SmtpPathKind.Mailbox, "a@b.test")]
    [InlineData("<@x.test,@y.test:a@b.test>", SmtpPathKind.Mailbox, "a@b.test")]
    [InlineData("<\"a>b\"@c.test>", SmtpPathKind.Mailbox, "\"a>b\"@c.test")]
    [InlineData("<\"a\\\"@x\"@c.test>", SmtpPathKind.Mailbox, "\"a\\\"@x\"@c.test")]
    [InlineData("<postMASTER>", SmtpPathKind.Postmaster, null)]
    [InlineData("<a@[192.0.2.1]>", SmtpPathKind.AtLiteral, null)]
    [InlineData("<a>", SmtpPathKind.Malformed, null)]
    [InlineData("<a@b.test", SmtpPathKind.Malformed, null)]
    [InlineData("a@b.test", SmtpPathKind.Malformed, null)]
    [InlineData("<a@b.test>x", SmtpPathKind.Malformed, null)]
    [InlineData("<a@@b.test>", SmtpPathKind.Malformed, null)]
    [InlineData("<a..b@c.test>", SmtpPathKind.Malformed, null)]
    [InlineData("<@x.test>", SmtpPathKind.Malformed, null)]
    [InlineData("", SmtpPathKind.Malformed, null)]
    public void Paths(string text, SmtpPathKind kind, string? address)
    {
        var path = SmtpPath.Parse("FROM:" + text, "FROM:");
        Assert.Equal(kind, path.Kind);
        Assert.Equal(address, path.Address?.ToString());
    }

    [Theory]
    [InlineData("a+2Bb", "a+b")]
    [InlineData("plain", "plain")]
    [InlineData("+ED+95+9C", "한")]
    [InlineData("a+2", null)]
    [InlineData("a+0D", null)] // no line ends by the back door
    [InlineData("a=b", null)]
    [InlineData("+FF", null)]
    public void Xtext(string text, string? expected) => Assert.Equal(expected, ParameterText.DecodeXtext(text));

    [Property(MaxTest = 2000)]
    public Property Any_line_is_parsed_without_exception_and_alike_in_pieces() => Prop.ForAll(
        Gen.OneOf(
            Gen.Choose(0, 255).Select(i => (byte)i).ArrayOf(),
            Gen.Elements("MAIL FROM:", "RCPT TO:", "<", ">", "@", "\"", "a", "한", ".test", " ", "SIZE=", "RET=", "NOTIFY=", "ORCPT=rfc822;", "+2B", "\\", "EHLO ", "AUTH ")
                .ListOf().Select(parts => Encoding.UTF8.GetBytes(string.Concat(parts)))).ToArbitrary(),
        bytes =>
        {
            var whole = SmtpLine.Parse((ReadOnlySpan<byte>)bytes);
            var pieces = SmtpLine.Parse(Segments.Of(bytes, 3));
            var path = SmtpPath.Parse(whole.Argument, whole.Verb == SmtpVerb.Rcpt ? "TO:" : "FROM:");
            MailParameters.Parse(path.Rest, out _);
            RcptParameters.Parse(path.Rest, out _);
            return whole == pieces && !whole.Argument.Any(c => c is '\r' or '\n' or '\0');
        });

    [Property(MaxTest = 1000)]
    public Property What_an_address_says_is_read_back_from_its_path() => Prop.ForAll(
        Gen.Choose(33, 126).Select(i => (char)i).NonEmptyListOf().Select(c => new string([.. c.Take(40)])).ToArbitrary(),
        local => !EmailAddress.TryCreate(local, DomainName.Parse("b.test"), out var address) || SmtpPath.Parse($"TO:<{address}> NOTIFY=NEVER", "TO:") is { Rest: "NOTIFY=NEVER", Address: { } read } && read == address);

    [Property(MaxTest = 2000)]
    public Property Data_ends_at_the_first_CRLF_dot_CRLF_and_nowhere_else() => Prop.ForAll(
        MessagePiece.ListOf().Select(string.Concat).ToArbitrary(),
        Gen.Choose(1, 7).ToArbitrary(),
        (text, chunk) =>
        {
            var wire = text + "\r\n.\r\nNOOP\r\n";
            var (message, consumed, bare, done) = Unstuff(Encoding.Latin1.GetBytes(wire), chunk);
            // The model: the end is the first ".CRLF" that begins the data or follows CRLF.
            var end = wire.StartsWith(".\r\n") ? 3 : wire.IndexOf("\r\n.\r\n", StringComparison.Ordinal) + 5;
            var body = wire[..(end - 3)];
            var lone = body.Replace("\r\n", "").IndexOfAny(['\r', '\n']) >= 0;
            var expected = string.Join("\r\n", body.Split("\r\n").Select(line => line.StartsWith('.') ? line[1..] : line));
            return done && consumed == end && bare == lone && (bare || message == expected);
        });

    [Property(MaxTest = 1000)]
    public Property Bare_line_ends_are_found_in_any_pieces() => Prop.ForAll(
        MessagePiece.ListOf().Select(string.Concat).ToArbitrary(),
        Gen.Choose(1, 5).ToArbitrary(),
        (text, chunk) =>
        {
            var check = new LineEndCheck();
            var bytes = Encoding.Latin1.GetBytes(text);
            for (var at = 0; at < bytes.Length; at += chunk)
            {
                check.Read(bytes.AsSpan(at, Math.Min(chunk, bytes.Length - at)));
            }

            check.Finish();
            return check.HasBareLineEnd == text.Replace("\r\n", "").IndexOfAny(['\r', '\n']) >= 0;
        });

    [Fact]
    public void A_reply_is_safe_for_the_wire()
    {
        var reply = new SmtpReply(550, "5.1.1", "a\r\n250 injected 한", new string('x', 2000));
        var buffer = new ArrayBufferWriter<byte>();
        reply.WriteTo(buffer);
        var lines = Encoding.ASCII.GetString(buffer.WrittenSpan).Split("\r\n");
        Assert.Equal("550-5.1.1 a??250 injected ?", lines[0]);
        Assert.StartsWith("550 5.1.1 xxx", lines[1]);
        Assert.True(lines[1].Length <= 510);
        Assert.Equal(3, lines.Length);
    }

    private static (string Message, int Consumed, bool Bare, bool Done) Unstuff(byte[] wire, int chunk)
    {
        var unstuffer = new DotUnstuffer();
        var output = new ArrayBufferWriter<byte>();
        var consumed = 0;
        while (consumed < wire.Length && !unstuffer.IsDone)
        {
            consumed += unstuffer.Read(wire.AsSpan(consumed, Math.Min(chunk, wire.Length - consumed)), output);
        }

        return (Encoding.Latin1.GetString(output.WrittenSpan), consumed, unstuffer.HasBareLineEnd, unstuffer.IsDone);
    }
}
