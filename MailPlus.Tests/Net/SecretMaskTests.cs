using MailPlus.Engine.Net.Transcript;
using Xunit;

namespace MailPlus.Tests.Net;

public sealed class SecretMaskTests
{
    [Fact]
    public void Smtp_answers_are_hidden_until_the_exchange_ends()
    {
        var mask = new SecretMask();
        Assert.Equal("EHLO x", mask.Client("EHLO x"));
        Assert.Equal("AUTH LOGIN", mask.Client("AUTH LOGIN"));
        mask.Server("334 VXNlcm5hbWU6");
        Assert.Equal("***", mask.Client("YWxpY2U="));
        mask.Server("334 UGFzc3dvcmQ6");
        Assert.Equal("***", mask.Client("c2VjcmV0"));
        mask.Server("235 2.7.0 ok");
        Assert.Equal("MAIL FROM:<a@b.test>", mask.Client("MAIL FROM:<a@b.test>"));
        Assert.Equal("auth plain ***", mask.Client("auth plain AGFsaWNlAHNlY3JldA=="));
        mask.Server("535 no");
        Assert.Equal("AUTH PLAIN", mask.Client("AUTH PLAIN"));
        Assert.Equal("*", mask.Client("*"));
    }

    [Fact]
    public void Imap_log_ins_are_hidden_with_their_literals()
    {
        var mask = new SecretMask();
        Assert.Equal("a1 LOGIN ***", mask.Client("a1 LOGIN alice \"secret\""));
        Assert.Equal("a2 login ***", mask.Client("a2 login {5}"));
        Assert.Equal("***", mask.Client("alice {6+}"));
        Assert.Equal("***", mask.Client("secret"));
        Assert.Equal("a3 SELECT INBOX", mask.Client("a3 SELECT INBOX"));
        Assert.Equal("a4 AUTHENTICATE PLAIN ***", mask.Client("a4 AUTHENTICATE PLAIN AGFsaWNlAHNlY3JldA=="));
        mask.Server("a4 OK done");
        Assert.Equal("a5 AUTHENTICATE PLAIN", mask.Client("a5 AUTHENTICATE PLAIN"));
        mask.Server("+ ");
        Assert.Equal("***", mask.Client("AGFsaWNlAHNlY3JldA=="));
        mask.Server("* OK still here");
        Assert.Equal("***", mask.Client("more"));
        mask.Server("a5 NO wrong");
        Assert.Equal("a6 NOOP", mask.Client("a6 NOOP"));
    }
}
