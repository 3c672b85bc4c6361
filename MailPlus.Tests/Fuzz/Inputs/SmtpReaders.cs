using System.Buffers;
using System.Net;
using System.Text;
using MailPlus.Engine.Net.Lines;
using MailPlus.Engine.Net.Proxy;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Smtp.Wire;
using MailPlus.Tests.Support;

namespace MailPlus.Tests.Fuzz.Inputs;

/// <summary>Command lines of SMTP: verbs, paths and the parameters of MAIL and RCPT.</summary>
internal sealed class SmtpCommandReader : PureReader
{
    public override IReadOnlyList<byte[]> Seeds { get; } = Text(
        "MAIL FROM:<a@example.net> SIZE=1000 BODY=8BITMIME RET=HDRS ENVID=abc+2B SMTPUTF8 AUTH=<> REQUIRETLS BY=120;NT HOLDFOR=99 MT-PRIORITY=-3",
        "RCPT TO:<@relay.example,@b.example:\"quoted \\\" local\"@[IPv6:2001:db8::1]> NOTIFY=SUCCESS,DELAY,FAILURE ORCPT=rfc822;a+2Bb@example.test",
        "MAIL FROM:<한글@예제.테스트> SMTPUTF8 HOLDUNTIL=2030-01-01T00:00:00Z BY=-5;R",
        "RCPT TO:<postmaster> ORCPT=utf-8;\\x{D55C}@x.test", "EHLO [127.0.0.1]", "BDAT 86000 LAST", "AUTH PLAIN =");

    public override IReadOnlyList<string> Words { get; } = ["SIZE=", "ORCPT=utf-8;", "ENVID=", "+", "+0", "BY=", ";NT", "HOLDUNTIL=", "MT-PRIORITY=", "xn--", "[IPv6:", "..", "@["];

    protected override void Read(byte[] input, Random random)
    {
        var line = SmtpLine.Parse(input);
        if (input.Length < 1_000)
        {
            MustEqual(line, SmtpLine.Parse(Segments.Of(input, random.Next(1, 40))), "a line in pieces");
        }

        foreach (var argument in new[] { line.Argument, Encoding.Latin1.GetString(input) })
        {
            foreach (var keyword in new[] { "FROM:", "TO:" })
            {
                var path = SmtpPath.Parse(argument, keyword);
                if (MailParameters.Parse(path.Rest, out var mail) == ParameterFault.None)
                {
                    mail.Terms(new Instant(1_800_000_000_000_000));
                }

                RcptParameters.Parse(path.Rest, out _);
                if (path.Address is { } address)
                {
                    MustEqual(address, EmailAddress.Parse(address.ToString()), "an address written and read again");
                }
            }

            TermParameters.By(argument);
            TermParameters.HoldFor(argument);
            TermParameters.HoldUntil(argument);
            EmailAddress.TryParse(argument, out _);
            DomainName.TryParse(argument, out _);
        }
    }
}

/// <summary>DATA: the end is found and dots are taken away, however the octets are cut up; and lines, however they are cut up.</summary>
internal sealed class SmtpDataReader : PureReader
{
    private const int LongestLine = 1000;

    public override IReadOnlyList<byte[]> Seeds { get; } = Text("Subject: x\r\n\r\n..dot\r\n.\r\nQUIT\r\n", "a\nb\n.\nMAIL FROM:<>\r\n.\r\n", "x\r\n.\rRCPT\r\n.\n\r\n.\r\n", ".\r\n", "..\r\n...\r\n.\r\n");

    public override IReadOnlyList<string> Words { get; } = ["\r\n.\r\n", "\n.\n", "\r.\r", "\r\n.\n", "\n.\r\n", "\r\n..", ".\r", "\r"];

    protected override void Read(byte[] input, Random random)
    {
        var (whole, used, bare, done) = Unstuff(input, input.Length);
        var (pieces, usedInPieces, bareInPieces, doneInPieces) = Unstuff(input, random.Next(1, 9));
        Xunit.Assert.Equal(whole, pieces);
        MustEqual((used, bare, done), (usedInPieces, bareInPieces, doneInPieces), "a message in pieces");
        Xunit.Assert.True(!done || Encoding.Latin1.GetString(input, 0, used).EndsWith(".\r\n", StringComparison.Ordinal), "only CRLF . CRLF ends a message");
        var check = new LineEndCheck();
        for (var at = 0; at < input.Length;)
        {
            var length = Math.Min(random.Next(1, 50), input.Length - at);
            check.Read(input.AsSpan(at, length));
            at += length;
        }

        check.Finish();
        Lines(new ReadOnlySequence<byte>(input));
        Lines(input.Length < 1_000 ? Segments.Of(input, random.Next(1, 40)) : new ReadOnlySequence<byte>(input));
    }

    private static (byte[] Octets, int Used, bool IsBare, bool IsDone) Unstuff(byte[] input, int piece)
    {
        var output = new ArrayBufferWriter<byte>();
        var reader = new DotUnstuffer();
        var used = 0;
        while (used < input.Length && !reader.IsDone)
        {
            used += reader.Read(input.AsSpan(used, Math.Min(piece, input.Length - used)), output);
        }

        return (output.WrittenSpan.ToArray(), used, reader.HasBareLineEnd, reader.IsDone);
    }

    private static void Lines(ReadOnlySequence<byte> buffer)
    {
        var reader = new LineReader(LongestLine);
        while (true)
        {
            var before = buffer.Length;
            if (reader.Take(ref buffer, out var line) == LineStatus.Incomplete)
            {
                return;
            }

            Xunit.Assert.True(line.Length <= LongestLine, "a line beyond the limit");
            Xunit.Assert.True(buffer.Length < before, "a line was read and nothing taken");
        }
    }
}

/// <summary>What a trusted proxy says of its client by XCLIENT.</summary>
internal sealed class XClientReader : PureReader
{
    public override IReadOnlyList<byte[]> Seeds { get; } = Text(
        "NAME=mx.example.net ADDR=192.0.2.7 PORT=4711 PROTO=ESMTP HELO=mx.example.net LOGIN=kim+40example.test", "ADDR=IPV6:2001:db8::1 NAME=[UNAVAILABLE] DESTADDR=IPV6:::1 DESTPORT=25", "NAME=[TEMPUNAVAIL] PROTO=SMTP");

    public override IReadOnlyList<string> Words { get; } = ["IPV6:", "[UNAVAILABLE]", "ADDR=", "%eth0", "+00", "+FF", "PORT=65536"];

    protected override void Read(byte[] input, Random random)
    {
        foreach (var text in new[] { Encoding.Latin1.GetString(input), Encoding.UTF8.GetString(input) })
        {
            if (XClientAttributes.Parse(text) is { } said)
            {
                Xunit.Assert.True(said.Port is null or >= 0 and <= IPEndPoint.MaxPort && said.Helo is null or { Length: <= 255 }, "attributes beyond their limits");
            }
        }
    }
}

/// <summary>Headers of the PROXY protocol, both versions, cut up in any way.</summary>
internal sealed class ProxyProtocolReader : PureReader
{
    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. Text("PROXY TCP4 192.0.2.1 192.0.2.2 56324 25\r\nEHLO x\r\n", "PROXY TCP6 2001:db8::1 2001:db8::2 65535 143\r\n", "PROXY UNKNOWN\r\n", "PROXY UNKNOWN ffff::1 ::2 1 2\r\n"),
        Binary(0x21, 0x11, [192, 0, 2, 1, 192, 0, 2, 2, 0xdc, 0x04, 0, 25]),
        Binary(0x21, 0x21, [.. new byte[32], 1, 2, 0, 25]),
        Binary(0x20, 0x00, []),
        Binary(0x21, 0x11, [192, 0, 2, 1, 192, 0, 2, 2, 0xdc, 0x04, 0, 25, 0x03, 0, 4, 1, 2, 3, 4, 0x04, 0, 1, 0]),
        Binary(0x21, 0x31, new byte[216]),
    ];

    protected override void Read(byte[] input, Random random)
    {
        var whole = Read(new ReadOnlySequence<byte>(input));
        if (input.Length is > 0 and < 1_000)
        {
            MustEqual(whole, Read(Segments.Of(input, random.Next(1, 20))), "a header in pieces");
        }

        // What is incomplete with more octets was not anything else with fewer.
        var part = Read(new ReadOnlySequence<byte>(input, 0, random.Next(input.Length + 1)));
        Xunit.Assert.True(whole.Status != ProxyHeaderStatus.Incomplete || part.Status == ProxyHeaderStatus.Incomplete, $"{part} of a header that is {whole}");
        Xunit.Assert.True(whole.Status != ProxyHeaderStatus.Incomplete || input.Length <= ProxyHeader.Longest, "a header that is longer than any goes on");
        Xunit.Assert.True(whole.Length >= 0 && whole.Length <= input.Length, "more octets than there are");
    }

    private static (ProxyHeaderStatus Status, ProxyHeader? Header, int Length) Read(ReadOnlySequence<byte> octets)
    {
        ProxyHeader.Recognize(octets);
        var status = ProxyHeader.Read(octets, out var header, out var length);
        return status == ProxyHeaderStatus.Complete ? (status, header, length) : (status, null, 0);
    }

    private static byte[] Binary(byte command, byte family, byte[] body) => [.. ProxyHeader.BinaryMark, command, family, (byte)(body.Length >> 8), (byte)body.Length, .. body];
}
