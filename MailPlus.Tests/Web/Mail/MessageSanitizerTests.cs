using System.Text.Json;
using AngleSharp.Html.Parser;
using MailPlus.Tests.Support;
using MailPlus.Web.Mail.Html;
using Xunit;

namespace MailPlus.Tests.Web.Mail;

/// <summary>WEB-052, WEB-053: what a stranger's HTML may become. The browser test loads the same payloads in Chromium.</summary>
public sealed class MessageSanitizerTests
{
    private static readonly SanitizerPolicy Blocked = new();
    private static readonly SanitizerPolicy Allowed = new() { RemoteImages = true };

    [Theory]
    [InlineData("<script>alert(1)</script>hello", "hello")]
    [InlineData("<p onclick=\"alert(1)\">hello</p>", "<p>hello</p>")]
    [InlineData("<a href=\"javascript:alert(1)\">x</a>", "<a>x</a>")]
    [InlineData("<a href=\" java\tscript:alert(1)\">x</a>", "<a>x</a>")]
    [InlineData("<a href=\"data:text/html,<script>alert(1)</script>\">x</a>", "<a>x</a>")]
    [InlineData("<a href=\"cid:part1\">x</a>", "<a>x</a>")]
    [InlineData("<svg onload=alert(1)></svg><math></math>a", "a")]
    [InlineData("<iframe src=https://evil.example></iframe><object></object><embed>a", "a")]
    [InlineData("<form action=\"https://evil.example\"><input name=a>x</form>", "<form>x</form>")]
    [InlineData("<base href=\"https://evil.example/\"><meta http-equiv=refresh content=\"0;url=https://evil.example\">a", "a")]
    public void Only_harmless_content_stays(string html, string expected) =>
        Assert.Equal(expected, MessageSanitizer.Sanitize(html, Blocked).Html.Trim());

    [Theory]
    [InlineData("<img src=\"https://t.example/pixel.gif\">")]
    [InlineData("<img src=\"//t.example/pixel.gif\">")]
    [InlineData("<img src=\" HTTP://t.example/pixel.gif\">")]
    [InlineData("<table background=\"http://t.example/x\"></table>")]
    [InlineData("<p style=\"background-image:url('http://t.example/x')\">a</p>")]
    [InlineData("<style>p{background:url(http://t.example/x)}</style><p>a</p>")]
    public void Remote_content_is_left_out_and_said(string html)
    {
        var clean = MessageSanitizer.Sanitize(html, Blocked);
        Assert.True(clean.BlockedRemote);
        Assert.DoesNotContain("t.example", clean.Html, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Remote_pictures_come_when_allowed()
    {
        var clean = MessageSanitizer.Sanitize("<img src=\"https://t.example/pixel.gif\" srcset=\"https://t.example/2.gif 2x\">", Allowed);
        Assert.False(clean.BlockedRemote);
        Assert.Contains("src=\"https://t.example/pixel.gif\"", clean.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("srcset", clean.Html, StringComparison.Ordinal);
    }

    [Fact]
    public void Pictures_of_the_message_are_resolved_by_content_id()
    {
        var clean = MessageSanitizer.Sanitize("<img src=\"cid:a%40b\"><img src=\"cid:unknown\" alt=\"logo\">", new SanitizerPolicy { Inline = id => id == "a@b" ? "https://inline.invalid/x" : null });
        Assert.Contains("https://inline.invalid/x", clean.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("cid:", clean.Html, StringComparison.Ordinal);
    }

    [Fact]
    public void Links_open_elsewhere_without_telling_where_from()
    {
        var clean = MessageSanitizer.Sanitize("<a href=\"https://example.com/?a=1&amp;b=2\">x</a>", Blocked);
        Assert.Contains("target=\"_blank\"", clean.Html, StringComparison.Ordinal);
        Assert.Contains("noopener noreferrer", clean.Html, StringComparison.Ordinal);
    }

    [Fact]
    public void The_look_of_a_newsletter_stays()
    {
        var clean = MessageSanitizer.Sanitize(
            "<html><head><style>.h{color:#123456}@media (max-width:600px){.h{width:100%}}</style></head><body bgcolor=\"#eeeeee\" style=\"margin:0\"><table width=600 align=center><tr><td class=h>a</td></tr></table></body></html>", Blocked);
        Assert.Contains("<td class=\"h\">a</td>", clean.Html, StringComparison.Ordinal);
        Assert.Contains("@media", clean.Html, StringComparison.Ordinal);
        Assert.Contains("background-color:#eeeeee", clean.BodyStyle, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void No_payload_of_the_suites_leaves_anything_that_runs()
    {
        var payloads = XssPayloads.All();
        Skip.If(payloads.Count == 0 && !RepositoryTree.IsContinuousIntegration, "the xss suite is not here");
        Assert.True(payloads.Count > 500, $"only {payloads.Count} payloads");
        var parser = new HtmlParser();
        foreach (var payload in payloads)
        {
            var clean = MessageSanitizer.Sanitize(payload, Blocked);
            using var document = parser.ParseDocument("<!DOCTYPE html><body>" + clean.Html);
            foreach (var element in document.Body!.QuerySelectorAll("*"))
            {
                Assert.False(element.LocalName is "script" or "iframe" or "object" or "embed" or "svg" or "math" or "input" or "button" or "base" or "meta" or "link", $"{element.LocalName} left of {payload}");
                foreach (var attribute in element.Attributes)
                {
                    Assert.False(attribute.Name.StartsWith("on", StringComparison.OrdinalIgnoreCase), $"{attribute.Name} left of {payload}");
                    Assert.False(attribute.Value.TrimStart().StartsWith("javascript:", StringComparison.OrdinalIgnoreCase), $"script address left of {payload}");
                }

                Assert.False(element.HasAttribute("src") && !element.GetAttribute("src")!.StartsWith("data:image/", StringComparison.OrdinalIgnoreCase), $"resource left of {payload}");
            }
        }
    }
}

/// <summary>The attack strings of shared/suites/xss.</summary>
internal static class XssPayloads
{
    public static IReadOnlyList<string> All()
    {
        var folder = RepositoryTree.Suites is { } suites ? Path.Combine(suites, "xss") : null;
        if (folder is null || !System.IO.Directory.Exists(folder))
        {
            return [];
        }

        var all = new List<string>();
        foreach (var file in System.IO.Directory.GetFiles(folder, "*_XSS.txt").Append(Path.Combine(folder, "MarioXSSVectors.txt")))
        {
            all.AddRange(File.ReadAllLines(file).Where(line => line.Length > 0));
        }

        using var expect = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "dompurify-expect.json")));
        all.AddRange(expect.RootElement.EnumerateArray().Select(item => item.GetProperty("payload").ToString()));
        using var h5 = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "h5sc.json")));
        all.AddRange(h5.RootElement.EnumerateArray().Select(item => item.GetProperty("data").ToString()
            .Replace("%js_uri_alert%", "javascript:alert(1)", StringComparison.Ordinal).Replace("%js_alert%", "alert(1)", StringComparison.Ordinal)));
        return all;
    }
}
