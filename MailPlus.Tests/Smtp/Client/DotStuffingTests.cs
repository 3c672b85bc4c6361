using System.Buffers;
using System.Text;
using FsCheck;
using FsCheck.Xunit;
using MailPlus.Engine.Smtp.Client;
using Xunit;

namespace MailPlus.Tests.Smtp.Client;

/// <summary>What follows DATA (RFC 5321 4.5.2): whatever the octets, there is one end and no bare CR or LF.</summary>
public sealed class DotStuffingTests
{
    [Theory]
    [InlineData("", ".\r\n")]
    [InlineData("a\r\n", "a\r\n.\r\n")]
    [InlineData("a", "a\r\n.\r\n")]
    [InlineData(".a\r\n..\r\nb.c\r\n", "..a\r\n...\r\nb.c\r\n.\r\n")]
    [InlineData("a\n.\nb\r", "a\r\n..\r\nb\r\n.\r\n")]
    [InlineData("a\r\r\n.b", "a\r\n\r\n..b\r\n.\r\n")]
    [InlineData("a\r.\rb", "a\r\n..\r\nb\r\n.\r\n")]
    public void Doubles_leading_dots_and_mends_line_ends(string message, string sent)
    {
        foreach (var piece in new[] { 1, 2, 3, 1000 })
        {
            Assert.Equal(sent, Encode(Encoding.Latin1.GetBytes(message), piece));
        }
    }

    [Property(MaxTest = 500)]
    public void No_octets_can_end_the_data_early(byte[] octets, PositiveInt piece)
    {
        var noisy = octets.Select(o => (o % 4) switch { 0 => (byte)'.', 1 => (byte)'\r', 2 => (byte)'\n', _ => o }).ToArray();
        var sent = Encode(noisy, piece.Get);
        Assert.EndsWith(".\r\n", sent, StringComparison.Ordinal);
        Assert.Equal(sent.Length - 3, sent == ".\r\n" ? 0 : sent.IndexOf("\r\n.\r\n", StringComparison.Ordinal) + 2);
        Assert.Equal(sent.Count(c => c == '\r'), sent.Split("\r\n").Length - 1);
        Assert.Equal(sent.Count(c => c == '\n'), sent.Split("\r\n").Length - 1);
    }

    private static string Encode(byte[] octets, int piece)
    {
        var output = new ArrayBufferWriter<byte>();
        var stuffing = new DotStuffing();
        for (var at = 0; at < octets.Length; at += piece)
        {
            stuffing.Write(octets.AsSpan(at, Math.Min(piece, octets.Length - at)), output);
        }

        stuffing.End(output);
        return Encoding.Latin1.GetString(output.WrittenSpan);
    }
}
