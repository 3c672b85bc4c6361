using System.Net;
using System.Text;
using MailPlus.Engine.Delivery.Remote.Sts;
using MailPlus.Engine.MailAuth;
using MailPlus.Engine.MailAuth.Dkim;
using MailPlus.Engine.MailAuth.Dmarc;
using MailPlus.Engine.MailAuth.Spf;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Resolver;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Tests.Delivery;

namespace MailPlus.Tests.Fuzz.Inputs;

/// <summary>Policies of SPF, and what evaluating them comes to.</summary>
internal sealed class SpfReader : FuzzReader
{
    private const int MostQuestions = 200; // 10 terms that ask, 10 names of each MX or PTR, and both kinds of addresses

    public override IReadOnlyList<byte[]> Seeds { get; } = Text(
        "v=spf1 a mx:there.test/24//64 include:other.test ip4:192.0.2.0/24 ip6:2001:db8::/32 ptr exists:%{ir}.%{v}._spf.%{d2} -all exp=why.there.test",
        "v=spf1 redirect=%{l1r-}.%{d}", "v=spf1 a:%{S}%_%%%- +mx ?all", "v=spf1 include:there.test include:there.test a a a a a mx mx", "v=spf1 unknown=x mx:%{h}.%{c}.%{t}.%{R} ~all");

    public override IReadOnlyList<string> Words { get; } = ["%{", "%{d128r+-.}", "}", "include:", "redirect=", "exp=", "//", "/33", "ip6:::", "%%", "all ", "there.test"];

    public override async ValueTask ReadAsync(byte[] input, Random random)
    {
        var text = Encoding.Latin1.GetString(input);
        var resolver = new FakeResolver().With("there.test", (10, "mx.there.test"), (20, "."));
        foreach (var name in new[] { "there.test", "other.test", "why.there.test" })
        {
            resolver.Texts[name] = new DnsAnswer<string>(DnsStatus.Found, random.Next(4) == 0 ? [text, "v=spf1 -all"] : [text]);
        }

        resolver.Pointers[IPAddress.Parse("192.0.2.7")] = new DnsAnswer<string>(DnsStatus.Found, [text, "mx.there.test"]);
        var client = IPAddress.Parse(random.Next(2) == 0 ? "192.0.2.7" : "2001:db8::7");
        var outcome = await new SpfCheck(resolver, TimeProvider.System).CheckAsync(new SpfQuestion(client, "mx.there.test", "kim@there.test"), SpfCheck.DefaultTimeLimit, default);
        Xunit.Assert.True(resolver.Questions <= MostQuestions, $"{resolver.Questions} questions");
        Xunit.Assert.DoesNotContain(outcome.Explanation, char.IsControl);
    }
}

/// <summary>Records and results of DMARC, DKIM and MTA-STS, and policies of MTA-STS.</summary>
internal sealed class RecordReader : PureReader
{
    private static readonly Lazy<PublicSuffixList> Suffixes = new(PublicSuffixList.Shipped);

    public override IReadOnlyList<byte[]> Seeds { get; } = Text(
        "v=DMARC1; p=quarantine; sp=reject; adkim=s; aspf=r; pct=50; rua=mailto:a@b.test!10m,mailto:c@d.test; ruf=mailto:x@y.test; fo=1:d:s; np=none; psd=y; t=y",
        "v=DKIM1; k=rsa; h=sha256:sha1; s=email:*; t=y:s; n=note; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC3QEKyU1fSma0axspqYK5iAj+54lsAg4qRRCnpKK68hawSd8zpsDz77ntGCR0X2mHVvkf0WEOIqaspaG/A5IGxieiWer+wBX8lW2tE4NHTE0PLhHqL0uD2sif2pKoPR3Wr6n/rbiihGYCIzvuY4/U5GigNUGls/QUbCPRyzho30wIDAQAB",
        "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        "version: STSv1\r\nmode: enforce\r\nmx: *.example.test\r\nmx: mail.example.test\r\nmax_age: 604800\r\n", "v=STSv1; id=20260101T000000;",
        "mail.here.test; spf=pass smtp.mailfrom=a@b.test; dkim=fail (bad (nested) \"x\") header.d=b.test header.s=s; dmarc=none header.from=b.test; arc=pass");

    public override IReadOnlyList<string> Words { get; } = ["; p=", "v=DMARC1", "mx: *.", "max_age: 99999999999", "k=ed25519", "mode: none", "; ;", "==", "(((("];

    protected override void Read(byte[] input, Random random)
    {
        foreach (var text in new[] { Encoding.Latin1.GetString(input), Encoding.UTF8.GetString(input) })
        {
            TagList.Read(text);
            TagList.Base64(text);
            DmarcRecord.Read(text);
            DkimKey.Read(text);
            StsRecord.Id([text, text[(text.Length / 2)..]]);
            StsRecord.Id([text]);
            AuthenticationResults.Read(text);
            Suffixes.Value.OrganizationalDomain(text);
        }

        AuthenticationResults.ReadPrefix((byte[])[.. "Authentication-Results: "u8, .. input]);
        if (StsPolicy.Parse(input) is { } policy)
        {
            Xunit.Assert.InRange(policy.Lifetime, TimeSpan.Zero, TimeSpan.FromSeconds(31_557_600));
            policy.Names("mail.example.test");
            policy.Names(Encoding.Latin1.GetString(input));
        }
    }
}

/// <summary>A message with signatures and their keys in DNS, all of it mutated: everything acceptance asks about a sender.</summary>
internal sealed class SignedMessageReader : FuzzReader
{
    private const string Key = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

    private readonly Lazy<PublicSuffixList> _suffixes = new(PublicSuffixList.Shipped);

    public override IReadOnlyList<byte[]> Seeds { get; } = Text(
        Signed("DKIM-Signature", "v=1; a=ed25519-sha256; c=relaxed/simple; d=there.test; i=@there.test; q=dns/txt; s=key; t=1528637909; x=4102444800; l=4; h=from:to:subject:from"),
        Signed("DKIM-Signature", "v=1; a=rsa-sha256; d=there.test; s=key; h=From : To"),
        Signed("ARC-Seal", "i=1; a=rsa-sha256; t=1; cv=none; d=there.test; s=key") + "ARC-Authentication-Results: i=1; there.test; spf=pass\r\n",
        "ARC-Seal: i=1; a=ed25519-sha256; t=1; cv=none; d=there.test; s=key; b=AAAA\r\nARC-Message-Signature: i=1; a=ed25519-sha256; c=relaxed/relaxed; d=there.test; s=key; h=from; bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=; b=AAAA\r\nARC-Authentication-Results: i=1; there.test; none\r\n"
            + "From: a@there.test\r\n\r\nHi.\r\n",
        "From: a@there.test, \"b\" <c@other.test>\r\nFrom: group: x@y;\r\n\r\n");

    public override IReadOnlyList<string> Words { get; } = ["; i=2", "; l=99999999999999999999", "; b=", "h=from:from", "; x=0", "c=simple/relaxed", "ARC-Seal: ", "DKIM-Signature: ", "\r\n ", "cv=pass"];

    public override async ValueTask ReadAsync(byte[] input, Random random)
    {
        var key = random.Next(2) == 0 ? Encoding.Latin1.GetString(new Mutator(random.Next()).Mutate(Encoding.ASCII.GetBytes(Key))) : Key;
        var resolver = new FakeResolver().WithText("key._domainkey.there.test", key).WithText("_dmarc.there.test", "v=DMARC1; p=reject").WithText("there.test", "v=spf1 ?all");
        var content = MessageContent.FromMemory(input);
        var request = new AuthenticationRequest(IPAddress.Parse("192.0.2.7"), "mx.there.test", EmailAddress.Parse("a@there.test"))
        {
            Content = content, Header = await HeaderFields.ReadAsync(content, default), Receiver = "mail.here.test",
        };
        var found = await new MessageAuthenticator(resolver, _suffixes, TimeProvider.System).CheckAsync(request, new MailAuthSettings(), default);
        var written = AuthenticationResults.Write("mail.here.test", found!, "a@there.test", "mx.there.test");
        Xunit.Assert.DoesNotContain("\n\r\n", written, StringComparison.Ordinal); // no line of the sender's own gets out of the field
        Xunit.Assert.All(written.Split("\r\n").Skip(1).SkipLast(1), line => Xunit.Assert.StartsWith("\t", line, StringComparison.Ordinal));
    }

    private static string Signed(string field, string tags) =>
        $"{field}: {tags};\r\n bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\nFrom: Joe <joe@there.test>\r\nTo: kim@here.test\r\nSubject: x\r\n\r\nHi.\r\n\r\n";
}
