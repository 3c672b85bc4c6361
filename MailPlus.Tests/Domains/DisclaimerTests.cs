using System.Security.Cryptography;
using System.Text;
using MailPlus.Engine.Domains;
using MailPlus.Engine.Domains.Disclaimers;
using MailPlus.Engine.Domains.DkimKeys;
using MailPlus.Engine.Primitives;
using MailPlus.Tests.Support;
using MimeKit;
using MimeKit.Cryptography;
using Org.BouncyCastle.Crypto;
using Xunit;

namespace MailPlus.Tests.Domains;

/// <summary>Disclaimers over the real engine (DOM-026, DOM-110 to DOM-123, mail-rules 23, mail-rules 26).</summary>
public sealed class DisclaimerTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task DOM_B31_Of_two_that_fit_the_upper_one_is_attached_and_the_other_after_it_was_moved_up()
    {
        await using var house = await MailHouse.OpenAsync("a");
        await CreateAsync(house, Plain("D1"));
        var both = await CreateAsync(house, Plain("D2"));
        Assert.Equal("D1", await SentTextAsync(house));
        await house.Engine.Disclaimers.ArrangeAsync(Actor.Operator, house.Domain, [(both[1].Id, true), (both[0].Id, true)], None);
        Assert.Equal("D2", await SentTextAsync(house));
        await house.Engine.Disclaimers.ArrangeAsync(Actor.Operator, house.Domain, [(both[1].Id, false), (both[0].Id, true)], None);
        Assert.Equal("D1", await SentTextAsync(house)); // DOM-123
        await Refused.ByAsync(RefusalKind.Conflict, () => house.Engine.Disclaimers.ArrangeAsync(Actor.Operator, house.Domain, [(both[1].Id, true)], None));
        await house.Engine.Disclaimers.RemoveAsync(Actor.Operator, house.Domain, both[0].Id, None);
        Assert.Equal("", await SentTextAsync(house));
    }

    [Fact]
    public async Task DOM_B32_One_whose_exception_is_met_gives_way_to_the_next()
    {
        await using var house = await MailHouse.OpenAsync("a");
        await CreateAsync(house, Plain("D1") with { Rules = [Sender("*@d.test")], Exceptions = [Recipient("boss@*")] });
        await CreateAsync(house, Plain("D2"));
        Assert.Equal("D2", await SentTextAsync(house, "boss@out.test"));
        Assert.Equal("D1", await SentTextAsync(house, "y@out.test"));
        Assert.Equal("D2", await SentTextAsync(house, "y@out.test", "boss@out.test"));
    }

    [Fact]
    public async Task DOM_B33_All_wants_every_rule_met_and_Any_one()
    {
        await using var house = await MailHouse.OpenAsync("a");
        var draft = Plain("D1") with { Rules = [Sender("*@D.test"), Recipient("*@x.test")], NeedsAll = true };
        var made = await CreateAsync(house, draft);
        Assert.Equal("", await SentTextAsync(house, "y@z.test"));
        Assert.Equal("D1", await SentTextAsync(house, "y@x.test"));
        await house.Engine.Disclaimers.UpdateAsync(Actor.Operator, house.Domain, made[0].Id, draft with { NeedsAll = false }, None);
        Assert.Equal("D1", await SentTextAsync(house, "y@z.test"));
    }

    [Fact]
    public async Task DOM_B34_Mail_within_the_domain_gets_none_and_one_recipient_elsewhere_is_enough()
    {
        await using var house = await MailHouse.OpenAsync("a", "b");
        await house.AddDomainAsync("other.test");
        await house.AddAsync("x@other.test");
        await house.Engine.Domains.UpdateAsync(Actor.Operator, house.Domain, new DomainChange { Additional = [DomainName.Parse("d.example")] }, None);
        await CreateAsync(house, Plain("D1") with { OnlyOutward = true });
        await house.SendAsync("a", ["b@d.test", "a@d.example"]);
        Assert.DoesNotContain("D1", Assert.Single(await house.InboxAsync("b")).TextBody, StringComparison.Ordinal);
        await house.SendAsync("a", ["b@d.test", "y@out.test"]);
        Assert.Contains("D1", (await house.InboxAsync("b"))[1].TextBody, StringComparison.Ordinal);
        Assert.Contains("D1", Assert.Single(await house.LeftAsync()), StringComparison.Ordinal);
        await house.SendAsync("a", ["x@other.test"]);
        Assert.Contains("D1", Assert.Single(await house.InboxAsync("x@other.test")).TextBody, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DOM_B35_Each_form_ends_the_part_of_its_kind_and_attachments_stay_as_they_are()
    {
        await using var house = await MailHouse.OpenAsync("a");
        await CreateAsync(house, new DisclaimerDraft("D1") { Html = "<p><b>비밀</b> &amp; private</p>" });
        var attached = RandomNumberGenerator.GetBytes(20_000);
        await house.SendAsync("a", ["y@out.test"], message => message.Body = new Multipart("mixed")
        {
            new MultipartAlternative { new TextPart("plain") { Text = "plain body" }, new MultipartRelated { new TextPart("html") { Text = "<html><body><p>html body</p></body></html>" }, new MimePart("image", "png") { Content = new MimeContent(new MemoryStream(attached)), ContentTransferEncoding = ContentEncoding.Base64 } } },
            new MimePart("application", "pdf") { Content = new MimeContent(new MemoryStream(attached)), ContentTransferEncoding = ContentEncoding.Base64, ContentDisposition = new ContentDisposition("attachment") },
            new TextPart("plain") { Text = "attached text", ContentDisposition = new ContentDisposition("attachment") },
        });
        await house.SendAsync("a", ["y@out.test"]);
        await house.SendAsync("a", ["y@out.test"], message => message.Body = new TextPart("html") { Text = "<p>안녕</p>" });
        var left = (await house.LeftAsync()).Select(Read).ToList();
        var (mixed, plain, html) = (left.Single(m => m.Body is Multipart { Count: 3 }), left.Single(m => m.Body is TextPart { IsPlain: true }), left.Single(m => m.Body is TextPart { IsHtml: true }));
        Assert.Equal("plain body\n\n비밀 & private", Lines(mixed.TextBody));
        Assert.Contains("<p>html body</p><div><p><b>비밀</b> &amp; private</p></div>\n</body>", Lines(mixed.HtmlBody), StringComparison.Ordinal);
        var parts = mixed.BodyParts.OfType<MimePart>().ToList();
        Assert.Equal(2, parts.Count(part => Octets(part).SequenceEqual(attached)));
        Assert.Equal("attached text", Assert.IsType<TextPart>(parts[^1]).Text.Trim());
        Assert.Equal("body\n\n비밀 & private", Lines(plain.TextBody));
        Assert.EndsWith("<div><p><b>비밀</b> &amp; private</p></div>", Lines(html.HtmlBody), StringComparison.Ordinal);
    }

    [Fact]
    public async Task DOM_B36_What_is_attached_is_signed_with_the_rest()
    {
        await using var house = await MailHouse.OpenAsync("a");
        await CreateAsync(house, Plain("D1 유의"));
        await house.Engine.Dkim.EnableAsync(Actor.Operator, house.Domain, true, None);
        await house.SendAsync("a", ["y@out.test"]);
        var message = Read(Assert.Single(await house.LeftAsync()));
        Assert.Contains("D1 유의", message.TextBody, StringComparison.Ordinal);
        var key = (await house.Engine.Dkim.GetAsync(Actor.Operator, house.Domain, None)).Keys[0];
        Assert.True(await new DkimVerifier(new OneKey(key.Records[0].Value)).VerifyAsync(message, message.Headers.First(header => header.Id == HeaderId.DkimSignature)));
    }

    [Fact]
    public async Task DOM_B37_Signed_and_encrypted_mail_is_left_alone_to_the_octet()
    {
        await using var house = await MailHouse.OpenAsync("a");
        await CreateAsync(house, Plain("D1"));
        const string signed = "Content-Type: text/plain\r\n\r\nsigned text\r\n";
        var bodies = new MimeEntity[]
        {
            Parse($"Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256; boundary=b\r\n\r\n--b\r\n{signed}--b\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD\r\n--b--\r\n"),
            Parse($"Content-Type: multipart/signed; protocol=\"application/pgp-signature\"; micalg=pgp-sha256; boundary=b\r\n\r\n--b\r\n{signed}--b\r\nContent-Type: application/pgp-signature\r\n\r\n-----BEGIN PGP SIGNATURE-----\r\n--b--\r\n"),
            Parse("Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b\r\n\r\n--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\nABC\r\n--b--\r\n"),
            Parse("Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD\r\n"),
            new TextPart("plain") { Text = "-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\nbody\r\n-----BEGIN PGP SIGNATURE-----\r\n" },
        };
        foreach (var body in bodies)
        {
            await house.SendAsync("a", ["y@out.test"], message => message.Body = body);
        }

        var left = await house.LeftAsync();
        Assert.Equal(bodies.Length, left.Count);
        Assert.All(left, text => Assert.DoesNotContain("D1", text, StringComparison.Ordinal));
        Assert.Contains(signed, left[0], StringComparison.Ordinal);
    }

    // mail-rules 26
    [Fact]
    public async Task Mail_from_elsewhere_and_of_the_system_gets_none()
    {
        await using var house = await MailHouse.OpenAsync("a");
        await CreateAsync(house, Plain("D1"));
        await house.ArriveAsync("x@far.test", ["a@d.test"]);
        house.Outside.Answer = line => line.StartsWith("RCPT", StringComparison.OrdinalIgnoreCase) ? "550 5.1.1 nobody" : null;
        await house.SendAsync("a", ["gone@out.test"], message => message.Body = new TextPart("plain") { Text = "to nobody" });
        await Eventually.TrueAsync(async () => (await house.InboxAsync("a")).Count == 2, () => "the report is there");
        var inbox = await house.InboxAsync("a");
        Assert.All(inbox.Select(message => message.BodyParts.OfType<TextPart>().First().Text), text => Assert.DoesNotContain("D1", text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_cannot_be_is_refused_and_HTML_loses_its_tags()
    {
        await using var house = await MailHouse.OpenAsync("a");
        await Refused.ByAsync(RefusalKind.Invalid, () => CreateAsync(house, new DisclaimerDraft("empty")));
        await Refused.ByAsync(RefusalKind.Invalid, () => CreateAsync(house, Plain(" ")));
        await Refused.ByAsync(RefusalKind.Invalid, () => CreateAsync(house, Plain("long") with { Html = new string('x', DisclaimerOperations.LongestText + 1) }));
        await Refused.ByAsync(RefusalKind.Invalid, () => CreateAsync(house, Plain("rule") with { Rules = [Sender(" ")] }));
        await Refused.ByAsync(RefusalKind.NotFound, () => house.Engine.Disclaimers.RemoveAsync(Actor.Operator, house.Domain, new DisclaimerId(99), None));
        await Refused.ByAsync(RefusalKind.NotAllowed, () => house.Engine.Disclaimers.ListAsync(Actor.ForAccount(new AccountId(1), "x", false), house.Domain, None));

        // DOM-119
        Assert.Equal("Bold & clear\nsecond line", DisclaimerText.ToPlain("<style>p{}</style><p><b>Bold</b> &amp; \n clear</p><p>second<script>alert(1)</script> line</p>"));
        Assert.True(DisclaimerRules.Fits("a.b@d.test", "a*@*.TEST"));
        Assert.False(DisclaimerRules.Fits("ab", "ab*b"));
        Assert.True(DisclaimerRules.Fits("x", "*"));
    }

    private static DisclaimerDraft Plain(string text) => new(text) { Plain = text };

    private static DisclaimerCondition Sender(string pattern) => new(DisclaimerSubject.Sender, pattern);

    private static DisclaimerCondition Recipient(string pattern) => new(DisclaimerSubject.Recipient, pattern);

    private static Task<IReadOnlyList<Disclaimer>> CreateAsync(MailHouse house, DisclaimerDraft draft) => house.Engine.Disclaimers.CreateAsync(Actor.Operator, house.Domain, draft, None);

    /// <summary>What was put below a mail of a's that left.</summary>
    private static async Task<string> SentTextAsync(MailHouse house, params string[] to)
    {
        await house.SendAsync("a", to.Length > 0 ? to : ["y@out.test"]);
        var text = Lines(Read((await house.LeftAsync())[^1]).TextBody);
        Assert.StartsWith("body", text, StringComparison.Ordinal);
        return text["body".Length..].Trim();
    }

    /// <summary>The text with line ends of one kind: those of the reader are the platform's.</summary>
    private static string Lines(string? text) => text!.Replace("\r\n", "\n", StringComparison.Ordinal).Trim();

    private static MimeMessage Read(string text)
    {
        using var stream = new MemoryStream(Encoding.Latin1.GetBytes(text));
        return MimeMessage.Load(stream);
    }

    private static MimeEntity Parse(string text)
    {
        using var stream = new MemoryStream(Encoding.ASCII.GetBytes(text));
        return MimeEntity.Load(stream);
    }

    private static byte[] Octets(MimePart part)
    {
        using var stream = new MemoryStream();
        part.Content!.DecodeTo(stream);
        return stream.ToArray();
    }

    private sealed class OneKey(string record) : DkimPublicKeyLocatorBase
    {
        public override AsymmetricKeyParameter LocatePublicKey(string methods, string domain, string selector, CancellationToken cancellationToken = default) => GetPublicKey(record);

        public override Task<AsymmetricKeyParameter> LocatePublicKeyAsync(string methods, string domain, string selector, CancellationToken cancellationToken = default) => Task.FromResult(GetPublicKey(record));
    }
}
