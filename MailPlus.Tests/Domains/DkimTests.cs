using System.Text;
using MailPlus.Engine.Domains;
using MailPlus.Engine.Domains.Aliases;
using MailPlus.Engine.Domains.DkimKeys;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Tests.Support;
using MimeKit;
using MimeKit.Cryptography;
using Org.BouncyCastle.Crypto;
using Xunit;

namespace MailPlus.Tests.Domains;

/// <summary>Keys and signatures of DKIM (DOM-040 to DOM-047, mail-rules 31, mail-rules 33, RFC 6376, RFC 8463); what leaves is verified by MimeKit, which shares no code with the signer.</summary>
public sealed class DkimTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task DOM_B11_Enabling_without_a_key_makes_one_of_2048_bits_and_mail_is_signed()
    {
        await using var house = await MailHouse.OpenAsync("a");
        Assert.Empty((await house.Engine.Dkim.GetAsync(Actor.Operator, house.Domain, None)).Keys);
        var state = await house.Engine.Dkim.EnableAsync(Actor.Operator, house.Domain, true, None);
        var key = Assert.Single(state.Keys);
        Assert.Equal((2048, DkimAlgorithm.Rsa, DkimKeyState.Active), (key.Bits, key.Algorithm, key.State));
        await house.Engine.Dkim.GenerateAsync(Actor.Operator, house.Domain, new NewDkimKey { Algorithm = DkimAlgorithm.Ed25519, Prefix = "ed" }, None);
        await house.Engine.Domains.UpdateAsync(Actor.Operator, house.Domain, new DomainChange { Additional = [DomainName.Parse("d.example")] }, None);

        await house.SendAsync("a", ["y@out.test"], message =>
        {
            message.Subject = "서명  시험";
            message.Body = new Multipart("alternative") { new TextPart("plain") { Text = "본문  \t x \r\n\r\n\r\n" }, new TextPart("html") { Text = "<p>본문</p>" } };
        });
        await house.SendAsync("a", ["y@out.test"], from: "a@d.example");
        await house.SendAsync("a", ["y@out.test"], message => message.Body = new TextPart("plain") { Text = new string('x', 60) + "\r\n" + string.Concat(Enumerable.Repeat("0123456789\r\n", 40_000)) });
        var published = await PublishedAsync(house);
        var left = await house.LeftAsync();
        Assert.Equal(3, left.Count);
        foreach (var text in left)
        {
            await MustVerifyAsync(text, published, 2);
        }

        Assert.Single(left, text => text.Contains("d=d.example;", StringComparison.Ordinal));
        await house.Engine.Dkim.EnableAsync(Actor.Operator, house.Domain, false, None);
        await house.SendAsync("a", ["y@out.test"]);
        Assert.DoesNotContain("DKIM-Signature", (await house.LeftAsync())[3], StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task DOM_B12_A_new_key_waits_for_DNS_while_the_old_one_signs_unless_it_replaces_the_old_one_now()
    {
        using var zone = TestZone.Start();
        await using var house = await MailHouse.OpenAsync("a");
        await house.SetAsync(settings => settings with { Resolver = new ResolverSettings { Servers = [zone.EndPoint.ToString()] } });
        await house.Engine.Dkim.EnableAsync(Actor.Operator, house.Domain, true, None);
        var state = await house.Engine.Dkim.GenerateAsync(Actor.Operator, house.Domain, new NewDkimKey { Bits = 1024 }, None);
        Assert.Equal([("mailplus", DkimKeyState.Active), ("mailplus2", DkimKeyState.Pending)], state.Keys.Select(key => (key.Selector, key.State)));
        await Refused.ByAsync(RefusalKind.Conflict, () => house.Engine.Dkim.ActivateAsync(Actor.Operator, house.Domain, state.Keys[1].Id, None));
        await house.SendAsync("a", ["y@out.test"]);
        Assert.Contains("s=mailplus;", (await house.LeftAsync())[0], StringComparison.Ordinal);

        zone.Txt(state.Keys[1].Records[0].Name, state.Keys[1].Records[0].Value);
        await Eventually.TrueAsync(
            async () =>
            {
                await house.Engine.Dkim.RotateAsync(None);
                state = await house.Engine.Dkim.GetAsync(Actor.Operator, house.Domain, None);
                return state.Keys[0].Selector == "mailplus2";
            },
            () => "the key that DNS shows signs");
        Assert.Equal(DkimKeyState.Retired, state.Keys[1].State);
        Assert.NotNull(state.Keys[1].KeepUntil);
        await house.SendAsync("a", ["y@out.test"]);
        Assert.Contains("s=mailplus2;", (await house.LeftAsync())[1], StringComparison.Ordinal);

        state = await house.Engine.Dkim.GenerateAsync(Actor.Operator, house.Domain, new NewDkimKey { Prefix = "now", ReplaceNow = true }, None);
        Assert.Equal([("now", DkimKeyState.Active), ("mailplus", DkimKeyState.Retired)], state.Keys.Select(key => (key.Selector, key.State)));
        await house.SendAsync("a", ["y@out.test"]);
        Assert.Contains("s=now;", (await house.LeftAsync())[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task DOM_B13_The_record_to_publish_is_shown_exactly()
    {
        await using var house = await MailHouse.OpenAsync();
        var domain = await house.AddDomainAsync("example.com");
        await house.Engine.Domains.UpdateAsync(Actor.Operator, domain, new DomainChange { Additional = [DomainName.Parse("example.net")] }, None);
        var key = Assert.Single((await house.Engine.Dkim.GenerateAsync(Actor.Operator, domain, new NewDkimKey { Prefix = "abc" }, None)).Keys);
        Assert.Equal(["abc._domainkey.example.com", "abc._domainkey.example.net"], key.Records.Select(record => record.Name));
        Assert.All(key.Records, record => Assert.Equal($"v=DKIM1; k=rsa; p={key.PublicKey}", record.Value));
        Assert.DoesNotContain(key.PublicKey, char.IsWhiteSpace);
        Assert.StartsWith("MIIBIjANBgkq", key.PublicKey, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_of_512_bits_are_refused_with_the_reason_and_the_last_key_that_signs_stays()
    {
        await using var house = await MailHouse.OpenAsync();
        var refusal = await Refused.ByAsync(RefusalKind.Invalid, () => house.Engine.Dkim.GenerateAsync(Actor.Operator, house.Domain, new NewDkimKey { Bits = 512 }, None));
        Assert.Contains("RFC 8301", RefusalText.English(refusal), StringComparison.Ordinal);
        await Refused.ByAsync(RefusalKind.Invalid, () => house.Engine.Dkim.GenerateAsync(Actor.Operator, house.Domain, new NewDkimKey { Prefix = "a b" }, None));
        var state = await house.Engine.Dkim.EnableAsync(Actor.Operator, house.Domain, true, None);
        await Refused.ByAsync(RefusalKind.Conflict, () => house.Engine.Dkim.RemoveAsync(Actor.Operator, house.Domain, state.Keys[0].Id, None));
        await Refused.ByAsync(RefusalKind.NotAllowed, () => house.Engine.Dkim.GetAsync(Actor.ForAccount(new AccountId(1), "x", false), house.Domain, None));
    }

    [Fact]
    public async Task What_strangers_wrote_is_passed_on_without_a_signature_of_ours()
    {
        await using var house = await MailHouse.OpenAsync("a");
        await house.Engine.Dkim.EnableAsync(Actor.Operator, house.Domain, true, None);
        await house.Engine.Aliases.CreateAsync(Actor.Operator, house.Domain, new AliasDraft("team", ["a", "y@out.test"]), None);
        await house.ArriveAsync("x@far.test", ["team@d.test"], "From: a@d.test\r\nSubject: not really\r\n\r\nbody\r\n");
        Assert.DoesNotContain("DKIM-Signature", Assert.Single(await house.LeftAsync()), StringComparison.OrdinalIgnoreCase);
    }

    private static async Task<Dictionary<string, string>> PublishedAsync(MailHouse house) =>
        (await house.Engine.Dkim.GetAsync(Actor.Operator, house.Domain, None)).Keys.SelectMany(key => key.Records).ToDictionary(record => record.Name, record => record.Value);

    private static async Task MustVerifyAsync(string text, Dictionary<string, string> published, int signatures)
    {
        using var stream = new MemoryStream(Encoding.Latin1.GetBytes(text));
        var message = await MimeMessage.LoadAsync(stream);
        var found = message.Headers.Where(header => header.Id == HeaderId.DkimSignature).ToList();
        Assert.Equal(signatures, found.Count);
        var verifier = new DkimVerifier(new Publication(published));
        foreach (var signature in found)
        {
            Assert.True(await verifier.VerifyAsync(message, signature), signature.Value);
        }
    }

    /// <summary>DNS as the console says it should be.</summary>
    private sealed class Publication(Dictionary<string, string> records) : DkimPublicKeyLocatorBase
    {
        public override AsymmetricKeyParameter LocatePublicKey(string methods, string domain, string selector, CancellationToken cancellationToken = default) =>
            GetPublicKey(records[$"{selector}._domainkey.{domain}"]);

        public override Task<AsymmetricKeyParameter> LocatePublicKeyAsync(string methods, string domain, string selector, CancellationToken cancellationToken = default) =>
            Task.FromResult(LocatePublicKey(methods, domain, selector, cancellationToken));
    }
}
