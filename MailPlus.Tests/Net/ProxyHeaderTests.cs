using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Text;
using MailPlus.Engine.Net.Proxy;
using Xunit;

namespace MailPlus.Tests.Net;

/// <summary>The header of HAProxy's PROXY protocol, octet by octet.</summary>
public sealed class ProxyHeaderTests
{
    [Theory]
    [InlineData("PROXY TCP4 198.51.100.22 203.0.113.7 35646 25\r\n", "198.51.100.22:35646", "203.0.113.7:25")]
    [InlineData("PROXY TCP6 2001:db8::1 2001:db8::2 65535 993\r\n", "[2001:db8::1]:65535", "[2001:db8::2]:993")]
    [InlineData("PROXY UNKNOWN\r\n", null, null)]
    [InlineData("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n", null, null)]
    public void A_text_header_is_read(string text, string? source, string? destination)
    {
        var octets = Encoding.Latin1.GetBytes(text + "EHLO");
        for (var cut = 0; cut < text.Length; cut++)
        {
            Assert.Equal(ProxyHeaderStatus.Incomplete, ProxyHeader.Read(new ReadOnlySequence<byte>(octets, 0, cut), out _, out _));
        }

        Assert.Equal(ProxyHeaderStatus.Complete, ProxyHeader.Read(new ReadOnlySequence<byte>(octets), out var header, out var length));
        Assert.Equal((source, destination, text.Length), (header!.Source?.ToString(), header.Destination?.ToString(), length));
    }

    [Theory]
    [InlineData("EHLO client.test\r\n")]
    [InlineData("\x16\x03\x01")]
    [InlineData("PROXY\r\n")]
    [InlineData("PROXY TCP4 198.51.100.22 203.0.113.7 35646\r\n")]
    [InlineData("PROXY TCP4 198.51.100.22 203.0.113.7 35646 25 7\r\n")]
    [InlineData("PROXY TCP4 198.51.100.22  203.0.113.7 35646 25\r\n")]
    [InlineData("PROXY TCP4 198.51.100.022 203.0.113.7 35646 25\r\n")]
    [InlineData("PROXY TCP4 3325256726 203.0.113.7 35646 25\r\n")]
    [InlineData("PROXY TCP4 2001:db8::1 2001:db8::2 35646 25\r\n")]
    [InlineData("PROXY TCP6 fe80::1%1 2001:db8::2 35646 25\r\n")]
    [InlineData("PROXY TCP4 198.51.100.22 203.0.113.7 65536 25\r\n")]
    [InlineData("PROXY TCP4 198.51.100.22 203.0.113.7 035 25\r\n")]
    [InlineData("PROXY TCP4 198.51.100.22 203.0.113.7 -1 25\r\n")]
    [InlineData("PROXY UDP4 198.51.100.22 203.0.113.7 35646 25\r\n")]
    [InlineData("PROXY TCP4 198.51.100.22 203.0.113.7 35646 25\nEHLO client.test\nand no carriage return before the line gets longer than any header\n")]
    public void What_is_no_text_header_is_told_from_one(string text) =>
        Assert.Equal(ProxyHeaderStatus.Malformed, ProxyHeader.Read(new ReadOnlySequence<byte>(Encoding.Latin1.GetBytes(text)), out _, out _));

    [Theory]
    [InlineData(0x21, 0x11, "C6336416CB0071078B3E0019", "198.51.100.22:35646", "203.0.113.7:25")]
    [InlineData(0x21, 0x21, "20010DB800000000000000000000000120010DB80000000000000000000000021F9003E1", "[2001:db8::1]:8080", "[2001:db8::2]:993")]
    [InlineData(0x21, 0x11, "C6336416CB0071078B3E0019" + "040003000000" + "EA0001FF", "198.51.100.22:35646", "203.0.113.7:25")]
    [InlineData(0x21, 0x00, "", null, null)]
    [InlineData(0x21, 0x00, "00FF", null, null)]
    [InlineData(0x20, 0x00, "", null, null)]
    [InlineData(0x20, 0x11, "C6336416CB0071078B3E0019", null, null)]
    public void A_binary_header_is_read(int command, int family, string block, string? source, string? destination)
    {
        var octets = Binary((byte)command, (byte)family, Convert.FromHexString(block));
        for (var cut = 0; cut < octets.Length; cut++)
        {
            Assert.Equal(ProxyHeaderStatus.Incomplete, ProxyHeader.Read(new ReadOnlySequence<byte>(octets, 0, cut), out _, out _));
        }

        Assert.Equal(ProxyHeaderStatus.Complete, ProxyHeader.Read(new ReadOnlySequence<byte>([.. octets, 65]), out var header, out var length));
        Assert.Equal((source, destination, octets.Length), (header!.Source?.ToString(), header.Destination?.ToString(), length));
    }

    [Theory]
    [InlineData(0x11, 0x11, "C6336416CB0071078B3E0019")] // version 1 in binary
    [InlineData(0x22, 0x11, "C6336416CB0071078B3E0019")] // no such command
    [InlineData(0x21, 0x12, "C6336416CB0071078B3E0019")] // datagrams
    [InlineData(0x21, 0x41, "")] // no such family
    [InlineData(0x21, 0x11, "C6336416CB0071078B3E00")] // an address cut short
    [InlineData(0x21, 0x11, "C6336416CB0071078B3E0019" + "0400")] // a TLV cut short
    [InlineData(0x21, 0x11, "C6336416CB0071078B3E0019" + "040005AA")] // a TLV longer than the header
    [InlineData(0x21, 0x11, "C6336416CB0071078B3E0019" + "03000400000000")] // a wrong checksum
    public void What_is_no_binary_header_is_told_from_one(int command, int family, string block) =>
        Assert.Equal(ProxyHeaderStatus.Malformed, ProxyHeader.Read(new ReadOnlySequence<byte>(Binary((byte)command, (byte)family, Convert.FromHexString(block))), out _, out _));

    [Fact]
    public void A_checksum_is_verified()
    {
        var octets = Binary(0x21, 0x11, Convert.FromHexString("C6336416CB0071078B3E001903000400000000"));
        BinaryPrimitives.WriteUInt32BigEndian(octets.AsSpan(octets.Length - 4), Crc32C(octets));
        Assert.Equal(ProxyHeaderStatus.Complete, ProxyHeader.Read(new ReadOnlySequence<byte>(octets), out _, out _));
        octets[17] ^= 1;
        Assert.Equal(ProxyHeaderStatus.Malformed, ProxyHeader.Read(new ReadOnlySequence<byte>(octets), out _, out _));
    }

    [Fact]
    public void A_header_beyond_the_limit_is_refused_before_it_is_there()
    {
        var octets = Binary(0x21, 0x11, new byte[ProxyHeader.Longest]);
        Assert.Equal(ProxyHeaderStatus.Malformed, ProxyHeader.Read(new ReadOnlySequence<byte>(octets, 0, 16), out _, out _));
    }

    internal static byte[] Binary(byte command, byte family, byte[] block) =>
        [.. "\r\n\r\n\0\r\nQUIT\n"u8, command, family, (byte)(block.Length >> 8), (byte)block.Length, .. block];

    /// <summary>Bit by bit, from the polynomial.</summary>
    private static uint Crc32C(byte[] octets)
    {
        var crc = uint.MaxValue;
        foreach (var octet in octets)
        {
            crc ^= octet;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
            }
        }

        return ~crc;
    }
}
