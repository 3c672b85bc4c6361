using FsCheck;
using FsCheck.Xunit;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Mime;
using Xunit;

namespace MailPlus.Tests.Imap;

/// <summary>URLs of messages and parts (RFC 5092).</summary>
public sealed class ImapUrlTests
{
    [Fact]
    public void EveryPieceIsRead()
    {
        var url = ImapUrl.TryParse("imap://kim;AUTH=*@example.com:143/%ED%95%9C/b%20c;UIDVALIDITY=385759045/;UID=20/;section=1.2.HEADER/;partial=7.9;EXPIRE=2026-12-01T10:00:00Z;URLAUTH=user+fred:internal:91354a473744909de610943775f92038")!;
        Assert.Equal(("한/b c", 20u, 385759045u), (url.Mailbox, url.Uid, url.UidValidity!.Value));
        Assert.Equal(("kim", "example.com:143"), (url.User, url.Server));
        Assert.Equal(SectionKind.Header, url.Section.Kind);
        Assert.Equal((7L, 9L), (url.Partial!.Value.Start, url.Partial.Value.Count!.Value));
        Assert.Equal(new DateTimeOffset(2026, 12, 1, 10, 0, 0, TimeSpan.Zero), url.Expires);
        Assert.Equal(("user+fred", "internal"), (url.Access, url.Verifier!.Value.Mechanism));
        Assert.EndsWith(";URLAUTH=user+fred", url.Rump, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/INBOX/;UID=1", "INBOX")]
    [InlineData("/inbox/;uid=1/", "INBOX")]
    [InlineData(";UID=1/;SECTION=TEXT", "")]
    [InlineData("/;UID=1", "")]
    [InlineData("/a/;UID=1/;SECTION=HEADER.FIELDS%20(Subject)", "a")]
    [InlineData("/a/;UID=1/;PARTIAL=5", "a")]
    public void RelativeUrls(string text, string mailbox) => Assert.Equal(mailbox, ImapUrl.TryParse(text)!.Mailbox);

    [Theory]
    [InlineData("")]
    [InlineData("/INBOX")]
    [InlineData("/INBOX/;UID=0")]
    [InlineData("/INBOX/;UID=x")]
    [InlineData("/INBOX;UIDVALIDITY=0/;UID=1")]
    [InlineData("/INBOX/;UID=1/;SECTION=NONSENSE")]
    [InlineData("/INBOX/;UID=1/;PARTIAL=1.0")]
    [InlineData("/INBOX/;UID=1;OTHER=1")]
    [InlineData("/%zz/;UID=1")]
    [InlineData("/%00/;UID=1")]
    [InlineData("/%ff/;UID=1")]
    [InlineData("imap:///INBOX/;UID=1")]
    [InlineData("http://x/INBOX/;UID=1;URLAUTH=a:b:c:d")]
    public void OthersAreRefused(string text) => Assert.Null(ImapUrl.TryParse(text));

    [Property]
    public bool NothingThrows(NonNull<string> text, byte cut)
    {
        const string Whole = "imap://k@h/m;UIDVALIDITY=1/;UID=2/;SECTION=1/;PARTIAL=1.2;EXPIRE=2026-12-01T10:00:00Z;URLAUTH=anonymous:internal:00";
        ImapUrl.TryParse(text.Get);
        ImapUrl.TryParse(Whole[..(cut % Whole.Length)] + text.Get);
        ImapUrl.TryParse(text.Get + Whole[(cut % Whole.Length)..]);
        return true;
    }
}
