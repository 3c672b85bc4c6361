using MailPlus.Web.Mail.Html;
using Xunit;

namespace MailPlus.Tests.Web.Mail;

public sealed class TextTests
{
    [Fact]
    public void Plain_text_is_escaped_and_linked()
    {
        var html = PlainText.ToHtml("a <b> & see https://example.com/x?y=1.\nmail kim@example.com\n> quoted\n>> deeper");
        Assert.Contains("a &lt;b&gt; &amp; see ", html, StringComparison.Ordinal);
        Assert.Contains("href=\"https://example.com/x?y=1\"", html, StringComparison.Ordinal);
        Assert.Contains("href=\"mailto:kim@example.com\"", html, StringComparison.Ordinal);
        Assert.Contains("<div class=\"q q1\">quoted</div><div class=\"q q2\">deeper</div>", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Html_becomes_readable_text()
    {
        var text = HtmlText.From("<p>안녕하세요,</p><p>see <a href=\"https://example.com/a\">this</a><br>now</p><ul><li>one</li><li>two</li></ul><blockquote><p>old</p><p>older</p></blockquote>");
        Assert.Equal("안녕하세요,\n\nsee this <https://example.com/a>\nnow\n\n- one\n- two\n> old\n>\n> older\n", text);
    }

    [Fact]
    public void Very_deep_html_ends()
    {
        var text = HtmlText.From(string.Concat(Enumerable.Repeat("<div>", 5000)) + "x");
        Assert.NotNull(text);
    }
}
