using System.Text;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using Xunit;

namespace MailPlus.Tests.Mime;

/// <summary>What one pass over a message learns, stated as IMAP text.</summary>
public sealed class MessageScannerTests
{
    private const string Nested = """
        From: user@domain.org
        Date: Sat, 24 Mar 2007 23:00:00 +0200
        Mime-Version: 1.0
        Content-Type: multipart/mixed; boundary="foo
         bar"

        Root MIME prologue

        --foo bar
        Content-Type: text/x-myown; charset=us-ascii

        hello

        --foo bar
        Content-Type: message/rfc822

        From: Sub <sub@domain.org>
        Date: Sun, 12 Aug 2012 12:34:56 +0300
        Subject: submsg
        Content-Type: multipart/alternative; boundary="sub1"

        Sub MIME prologue
        --sub1
        Content-Type: text/html
        Content-Disposition: inline; filename=a.html
        Content-Language: en, ko
        Content-Location: http://example.org/
        Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==

        <p>Hello world</p>

        --sub1
        Content-Type: text/plain

        Hello another world

        --sub1--
        Sub MIME epilogue

        --foo bar--
        Root MIME epilogue

        """;

    [Fact]
    public void NestedMessageHasEveryPartWithItsSizeAndLines()
    {
        var summary = Scan(Nested);
        Assert.Equal(
            """(("text" "x-myown" ("charset" "us-ascii") NIL NIL "7BIT" 7 1 NIL NIL NIL NIL)("message" "rfc822" NIL NIL NIL "7BIT" 454 """
            + """("Sun, 12 Aug 2012 12:34:56 +0300" "submsg" (("Sub" NIL "sub" "domain.org")) (("Sub" NIL "sub" "domain.org")) (("Sub" NIL "sub" "domain.org")) NIL NIL NIL NIL NIL) """
            + """(("text" "html" NIL NIL NIL "7BIT" 20 1 "Q2hlY2sgSW50ZWdyaXR5IQ==" ("inline" ("filename" "a.html")) ("en" "ko") "http://example.org/")"""
            + """("text" "plain" NIL NIL NIL "7BIT" 21 1 NIL NIL NIL NIL) "alternative" ("boundary" "sub1") NIL NIL NIL) 22 NIL NIL NIL NIL)"""
            + " \"mixed\" (\"boundary\" \"foo bar\") NIL NIL NIL)",
            Text(summary.BodyStructure));
        Assert.DoesNotContain("boundary", Text(summary.Body), StringComparison.Ordinal);
        Assert.Equal("hello", Scan(Nested.Replace("x-myown", "plain")).Preview);
        Assert.True(summary.HasAttachments);
    }

    [Theory]
    [InlineData("user@domain", """((NIL NIL "user" "domain"))""")]
    [InlineData("user@domain (Real Name)", """(("Real Name" NIL "user" "domain"))""")]
    [InlineData("<@route:user@domain>", """((NIL "@route" "user" "domain"))""")]
    [InlineData("\"A \\\"B\\\" C\" <a@b>, d@e", """(("A \"B\" C" NIL "a" "b")(NIL NIL "d" "e"))""")]
    [InlineData("group: g1@d1.org, g2@d2.org;, group2: g3@d3.org;",
        """((NIL NIL "group" NIL)(NIL NIL "g1" "d1.org")(NIL NIL "g2" "d2.org")(NIL NIL NIL NIL)(NIL NIL "group2" NIL)(NIL NIL "g3" "d3.org")(NIL NIL NIL NIL))""")]
    [InlineData("group:;, group2: (foo) ;", """((NIL NIL "group" NIL)(NIL NIL NIL NIL)(NIL NIL "group2" NIL)(NIL NIL NIL NIL))""")]
    [InlineData("=?euc-kr?B?sei0orHi?= <a@b.kr>", """(("=?euc-kr?B?sei0orHi?=" NIL "a" "b.kr"))""")]
    [InlineData("Jöe Doe <j@x>", """(("=?utf-8?B?SsO2ZQ==?= Doe" NIL "j" "x"))""")]
    [InlineData("\"odd local\"@x", """((NIL NIL "odd local" "x"))""")]
    [InlineData("nobody", """((NIL NIL "nobody" ""))""")]
    [InlineData("John Q. Public <john@x>", """(("John Q. Public" NIL "john" "x"))""")]
    [InlineData("John john@x", """(("John" NIL "john" "x"))""")]
    [InlineData("a@b <a@b>", """(("a@b" NIL "a" "b"))""")]
    [InlineData("a@[1.2.3.4]", """((NIL NIL "a" "[1.2.3.4]"))""")]
    [InlineData("<user (he)@ (there) x.org>", """((NIL NIL "user" "x.org"))""")]
    [InlineData("<\"a (b)\"@x>", """((NIL NIL "a (b)" "x"))""")]
    [InlineData("<>", "NIL")]
    [InlineData("", "NIL")]
    [InlineData(",,;:@<(", """(("@" NIL "(" ""))""")]
    public void AddressesAreReadForgivingly(string field, string expected)
    {
        var envelope = Text(Scan($"To: {field}\n\nx").Envelope);
        Assert.Equal($"(NIL NIL NIL NIL NIL {expected} NIL NIL NIL NIL)", envelope);
    }

    [Fact]
    public void SenderAndReplyToFallBackToFrom()
    {
        var envelope = Text(Scan("Date: d\nFrom: user@domain (Real Name)\nSender: \nReply-To: \nIn-Reply-To: <a@b>\nMessage-ID: <m@x>\n\nbody\n").Envelope);
        var user = """(("Real Name" NIL "user" "domain"))""";
        Assert.Equal($"(\"d\" NIL {user} {user} {user} NIL NIL NIL \"<a@b>\" \"<m@x>\")", envelope);
    }

    [Fact]
    public void KoreanAndJapaneseCharsetsAreDecodedForLists()
    {
        var korean = Encoding.GetEncoding("euc-kr");
        var body = Convert.ToBase64String(korean.GetBytes("안녕하세요\r\n반갑습니다"));
        var summary = Scan($"Subject: =?ks_c_5601-1987?B?{Convert.ToBase64String(korean.GetBytes("회의 자료"))}?=\nFrom: =?euc-kr?B?{Convert.ToBase64String(korean.GetBytes("김철수"))}?= <kim@x.kr>\nTo: a@b, =?iso-2022-jp?B?GyRCRnxLXBsoQg==?= <c@d>\nContent-Type: text/plain; charset=\"ks_c_5601-1987\"\nContent-Transfer-Encoding: base64\n\n{body}\n");
        Assert.Equal("회의 자료", summary.Subject);
        Assert.Equal("김철수", summary.From);
        Assert.Equal("kim@x.kr", summary.FromAddress);
        Assert.Equal("a@b, 日本", summary.To);
        Assert.Equal("안녕하세요 반갑습니다", summary.Preview);
        Assert.False(summary.HasEightBit);
    }

    [Fact]
    public void RawEightBitHeadersBecomeEncodedWordsAndText()
    {
        var raw = Encoding.GetEncoding("euc-kr").GetBytes("Subject: 안녕 hello 세상 여러분\r\n\r\nx");
        var summary = new MessageScanner().Scan(MessageContent.FromMemory(raw));
        Assert.Equal("안녕 hello 세상 여러분", summary.Subject);
        Assert.True(summary.HasEightBitHeader);
        Assert.Contains("\"=?utf-8?B?7JWI64WV?= hello =?utf-8?B?7IS47IOBIOyXrOufrOu2hA==?=\"", Text(summary.Envelope), StringComparison.Ordinal);
    }

    [Fact]
    public void Rfc2231ParametersStayAsReceived()
    {
        var structure = Text(Scan("Content-Type: application/pdf;\n name*0*=utf-8''%ED%95%9C;\n name*1=\"b.pdf\"; x\nContent-Disposition: attachment\nContent-Transfer-Encoding: BASE64 (c)\n\nAAAA").BodyStructure);
        Assert.Equal("""("application" "pdf" ("name*0*" "utf-8''%ED%95%9C" "name*1" "b.pdf") NIL NIL "BASE64" 4 NIL ("attachment" NIL) NIL NIL)""", structure);
    }

    [Theory]
    [InlineData("In-Reply-To: <2@x> <3@x>\n", "2@x")]
    [InlineData("References: none\nIn-Reply-To: your mail of <2@x>\n", "2@x")]
    [InlineData("References: <\"1\"@x> <\"a b\"@x>\n", "1@x ab@x")]
    public void AncestorsAreThoseOfRfc5256(string header, string expected) => Assert.Equal(expected.Split(' '), Scan(header + "\nx").References);

    [Fact]
    public void OfTooManyAncestorsTheFirstAndTheNearestStay()
    {
        var references = Scan("References: " + string.Join(' ', Enumerable.Range(0, 300).Select(i => $"<{i}@x>")) + "\n\nx").References;
        Assert.Equal((100, "0@x", "201@x", "299@x"), (references.Count, references[0], references[1], references[^1]));
    }

    [Fact]
    public void ThreadingAndLoopFactsAreCollected()
    {
        var summary = Scan("Received: a\nReceived: b\nMessage-ID: <m@x>\nReferences: <1@x>\n <2@x>\nIn-Reply-To: <2@x> <3@x>\nDate: Thu, 15 Feb 2007 01:02:03 +0200\n\nx");
        Assert.Equal(2, summary.ReceivedCount);
        Assert.Equal("m@x", summary.MessageId);
        Assert.Equal(["1@x", "2@x"], summary.References);
        Assert.Equal(Instant.From(new DateTimeOffset(2007, 2, 15, 1, 2, 3, TimeSpan.FromHours(2))), summary.Sent);
    }

    [Fact]
    public void HtmlOnlyMailHasAPreviewOfItsText()
    {
        var summary = Scan("Content-Type: text/html; charset=utf-8\n\n<html><head><title>t</title><style>p{}</style></head><body><p>Hello&nbsp;&amp; <b>wel</b>come</p>\n<script>x</script><div>now</div>");
        Assert.Equal("Hello & welcome now", summary.Preview);
    }

    [Theory]
    [InlineData("", 0, """("text" "plain" ("charset" "us-ascii") NIL NIL "7BIT" 0 0 NIL NIL NIL NIL)""")]
    [InlineData("\n", 2, """("text" "plain" ("charset" "us-ascii") NIL NIL "7BIT" 0 0 NIL NIL NIL NIL)""")]
    [InlineData("no header here\nat all\n\ntext\n", 26, """("text" "plain" ("charset" "us-ascii") NIL NIL "7BIT" 6 1 NIL NIL NIL NIL)""")]
    [InlineData("Content-Type: multipart/mixed\n\nno boundary\n", 33, """("text" "plain" ("charset" "us-ascii") NIL NIL "7BIT" 13 1 NIL NIL NIL NIL)""")]
    [InlineData("Content-Type: multipart/mixed; boundary=b\n\n--b\n", 45, null)]
    [InlineData("Content-Type: multipart/mixed; boundary=b\n\n--b\n\n--b--\n", 45, """(("text" "plain" ("charset" "us-ascii") NIL NIL "7BIT" 0 0 NIL NIL NIL NIL) "mixed" ("boundary" "b") NIL NIL NIL)""")]
    [InlineData("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nAAAA\n", 67,
        """("message" "rfc822" NIL NIL NIL "BASE64" 6 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) ("text" "plain" ("charset" "us-ascii") NIL NIL "7BIT" 0 0 NIL NIL NIL NIL) 1 NIL NIL NIL NIL)""")]
    [InlineData("Content-Type: ???\n\nx", 21, """("application" "octet-stream" NIL NIL NIL "7BIT" 1 NIL NIL NIL NIL)""")]
    public void BrokenInputGetsTheBestReading(string message, int headerLength, string? structure)
    {
        var summary = Scan(message);
        Assert.Equal(headerLength, summary.HeaderLength);
        if (structure is not null)
        {
            Assert.Equal(structure, Text(summary.BodyStructure));
        }

        AssertWellFormed(summary);
    }

    [Fact]
    public void MonstersEndAtTheLimits()
    {
        var deep = new StringBuilder();
        for (var i = 0; i < 5000; i++)
        {
            deep.Append($"Content-Type: multipart/mixed; boundary=b{i}\r\n\r\n--b{i}\r\n");
        }

        AssertWellFormed(Scan(deep.ToString()));
        var wide = "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + string.Concat(Enumerable.Repeat("--b\r\n\r\nx\r\n", 20_000)) + "--b--";
        Assert.True(AssertWellFormed(Scan(wide)).BodyStructure.Length < 200_000);
        AssertWellFormed(Scan("Subject: " + new string('x', 8_000_000) + "\r\n\r\nbody"));
        AssertWellFormed(Scan("To: " + string.Concat(Enumerable.Repeat("a@b, ", 500_000)) + "\r\n\r\nbody"));
        AssertWellFormed(Scan("To: " + new string('(', 200_000) + "\r\nContent-Type: a/b" + string.Concat(Enumerable.Repeat(";a=b", 20_000)) + "\r\n\r\nbody"));
    }

    [Fact]
    public async Task FileAndMemoryGiveTheSameSummary()
    {
        var octets = Encoding.ASCII.GetBytes(Nested.ReplaceLineEndings("\r\n"));
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(file, octets);
            await using var content = MessageContent.FromFile(file);
            var fromFile = new MessageScanner().Scan(content);
            Assert.Equal(Text(Scan(Nested).BodyStructure), Text(fromFile.BodyStructure));
            Assert.Equal(Scan(Nested).Preview, fromFile.Preview);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [SkippableFact]
    public void EveryMessageOfTheSuitesIsReadTheSameWayTwice()
    {
        var suites = RepositoryTreeSuites();
        var scanner = new MessageScanner();
        var count = 0;
        foreach (var file in System.IO.Directory.EnumerateFiles(suites, "*", SearchOption.AllDirectories))
        {
            var octets = File.ReadAllBytes(file);
            var first = AssertWellFormed(scanner.Scan(MessageContent.FromMemory(octets)));
            var second = scanner.Scan(MessageContent.FromMemory(octets));
            Assert.Equal(Text(first.BodyStructure), Text(second.BodyStructure));
            Assert.Equal(Text(first.Envelope), Text(second.Envelope));
            Assert.Equal(first.Preview, second.Preview);
            count++;
        }

        Assert.True(count > 500, $"only {count} files");
    }

    private static string RepositoryTreeSuites()
    {
        var suites = Support.RepositoryTree.Suites is { } root ? Path.Combine(root, "mime") : null;
        Assert.True(suites is not null || !Support.RepositoryTree.IsContinuousIntegration, "the MIME suite is missing");
        Skip.If(suites is null || !System.IO.Directory.Exists(suites), "shared/suites/mime is not there");
        return suites!;
    }

    private static MessageSummary Scan(string message) =>
        new MessageScanner().Scan(MessageContent.FromMemory(Encoding.UTF8.GetBytes(message.ReplaceLineEndings("\r\n"))));

    private static string Text(ReadOnlyMemory<byte> octets) => Encoding.ASCII.GetString(octets.Span);

    /// <summary>ASCII, one balanced list with valid strings and no control.</summary>
    private static MessageSummary AssertWellFormed(MessageSummary summary)
    {
        foreach (var octets in new[] { summary.Envelope, summary.BodyStructure, summary.Body })
        {
            var depth = 0;
            var quoted = false;
            for (var i = 0; i < octets.Length; i++)
            {
                var c = octets.Span[i];
                if (c is < 32 or > 126)
                {
                    Assert.Fail($"octet {c} at {i}");
                }

                if (quoted)
                {
                    i += c == '\\' ? 1 : 0;
                    quoted = c != '"';
                }
                else
                {
                    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
                    quoted = c == '"';
                    if (depth <= 0 && i < octets.Length - 1)
                    {
                        Assert.Fail(Text(octets)); // made only when needed: the texts are long
                    }
                }
            }

            Assert.True(depth == 0 && !quoted, Text(octets));
        }

        Assert.True(summary.Subject.Length <= 1000 && summary.Preview.Length <= 200 && summary.References.Count <= 100);
        return summary;
    }
}
