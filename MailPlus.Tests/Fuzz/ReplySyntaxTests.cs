using System.Text;
using Xunit;

namespace MailPlus.Tests.Fuzz;

/// <summary>The judge itself: it must say no to what is wrong.</summary>
public sealed class ReplySyntaxTests
{
    [Theory]
    [InlineData("220 hello\r\n250-a\r\n250 2.1.0 b\r\n", true)]
    [InlineData("354\r\n250 ok\r\n", true)]
    [InlineData("250-a\r\n251 b\r\n", false)]
    [InlineData("550 2.1.1 no\r\n", false)]
    [InlineData("250 ok\n", false)]
    [InlineData("250-never ends\r\n", false)]
    [InlineData("hello\r\n", false)]
    [InlineData("650 no\r\n", false)]
    [InlineData("250 bad\nbreak\r\n", false)]
    public void Smtp(string received, bool right) => Assert.Equal(right, ReplySyntax.Smtp(Encoding.Latin1.GetBytes(received), cut: false) is null);

    [Theory]
    [InlineData("* OK hi\r\n* 3 EXISTS\r\n+ idling\r\na1 OK [READ-WRITE] done\r\n", true)]
    [InlineData("* 1 FETCH (FLAGS (\\Seen) BODY[] {4}\r\n()\r\n UID 3)\r\n", true)]
    [InlineData("* LIST (\\HasNoChildren) \"/\" \"a \\\" \\\\ b\"\r\n", true)]
    [InlineData("* 1 FETCH (FLAGS (\\Seen)\r\n", false)]
    [InlineData("* 1 FETCH (ENVELOPE (\"a\\x\"))\r\n", false)]
    [InlineData("* LIST () \"/\" \"open)\r\n", false)]
    [InlineData("* WHAT 1\r\n", false)]
    [InlineData("a1 MAYBE\r\n", false)]
    [InlineData("* 1 FETCH (BODY[] {9}\r\nabc)\r\n", false)]
    [InlineData("* OK bare\nfeed\r\n", false)]
    public void Imap(string received, bool right) => Assert.Equal(right, ReplySyntax.Imap(Encoding.Latin1.GetBytes(received), cut: false) is null);

    [Theory]
    [InlineData("+OK hi\r\n-ERR [AUTH] no\r\n+ \r\n+OK 2 320\r\n", true)]
    [InlineData("+OK hi\r\n+OK Capabilities follow\r\nTOP\r\n.\r\n", true)]
    [InlineData("hello\r\n", false)]
    [InlineData("+OK hi\r\n-ERR\tno\r\n", false)]
    [InlineData("+OK hi\r\n-ERR bare\nfeed\r\n", false)]
    [InlineData("+OK hi\r\n+OK no end", false)]
    public void Pop3(string received, bool right) => Assert.Equal(right, ReplySyntax.Pop3(Encoding.Latin1.GetBytes(received), cut: false) is null);
}
