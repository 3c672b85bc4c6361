using System.Security.Cryptography;
using System.Text;
using FsCheck;
using FsCheck.Xunit;
using MailPlus.Engine.Events;
using MailPlus.Engine.MailAuth;
using MailPlus.Engine.MailAuth.Dkim;
using MailPlus.Engine.MailAuth.Dmarc;
using MailPlus.Engine.MailAuth.Spf;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Resolver;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Tests.Delivery;
using Xunit;

namespace MailPlus.Tests.MailAuth;

/// <summary>What acceptance makes of a message from outside.</summary>
public sealed class AuthenticationTests
{
    private const string Forged = "Authentication-Results: mail.here.test; spf=pass; dmarc=pass header.from=bank.test\r\n";
    private const string Mail = "From: Bob <bob@there.test>\r\nSubject: hello\r\n\r\nText\r\n";

    [Fact]
    public async Task Results_are_recorded_above_received_and_in_the_log()
    {
        await using var rig = await RigAsync();
        await rig.SendAsync("bob@there.test", Forged + Mail, DeliveryRig.Inbound, "ann@here.test");
        var accepted = Assert.Single(rig.Happened.OfType<MessageAccepted>());
        Assert.Equal("spf=pass dkim=none dmarc=pass", accepted.Authentication);
        var text = await DeliveredAsync(rig);
        Assert.StartsWith("Authentication-Results: mail.here.test;\r\n\tspf=pass\r\n\t smtp.mailfrom=bob@there.test;\r\n\tdkim=none (no signature);\r\n\tdmarc=pass\r\n\t header.from=there.test\r\nReceived:", text[text.IndexOf("Authentication-Results", StringComparison.Ordinal)..], StringComparison.Ordinal);
        Assert.DoesNotContain("bank.test", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stranger_is_refused_nothing_and_told_what_he_is()
    {
        await using var rig = await RigAsync("v=spf1 -all");
        await rig.SendAsync("bob@there.test", Mail, DeliveryRig.Inbound, "ann@here.test");
        Assert.Equal("spf=fail dkim=none dmarc=fail", Assert.Single(rig.Happened.OfType<MessageAccepted>()).Authentication);
        Assert.Contains("dmarc=fail (p=reject)", await DeliveredAsync(rig), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Errors_of_dns_refuse_nothing()
    {
        await using var rig = await RigAsync();
        rig.Resolver.Texts["there.test"] = new DnsAnswer<string>(DnsStatus.TemporaryFailure, []) { Detail = "SERVFAIL" };
        await rig.SendAsync("bob@there.test", Mail, DeliveryRig.Inbound, "ann@here.test");
        Assert.StartsWith("spf=temperror", Assert.Single(rig.Happened.OfType<MessageAccepted>()).Authentication, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("AA==")]
    [InlineData("AAAA")]
    public async Task A_signature_of_a_few_octets_is_told_as_wrong(string b)
    {
        await using var rig = await RigAsync();
        await rig.SendAsync("bob@there.test", $"DKIM-Signature: v=1; a=rsa-sha256; d=there.test; s=key; h=From; bh=AAAA; b={b}\r\n{Mail}", DeliveryRig.Inbound, "ann@here.test");
        var told = Assert.Single(rig.Happened.OfType<MessageAccepted>()).Authentication;
        Assert.StartsWith("spf=pass dkim=permerror (", told, StringComparison.Ordinal);
        Assert.EndsWith(") dmarc=pass", told, StringComparison.Ordinal);
    }

    // mail-rules 19
    [Fact]
    public async Task Own_users_exempt_networks_and_what_is_off_cost_nothing()
    {
        await using var rig = await RigAsync();
        await rig.SendAsync("ann@here.test", "From: ann@here.test\r\n\r\nx\r\n", DeliveryRig.Submission(1), "bob@here.test");
        rig.Settings.Set(rig.Settings.Current with { MailAuth = new MailAuthSettings { ExemptNetworks = ["192.0.2.0/24"] } });
        await rig.SendAsync("bob@there.test", Mail, DeliveryRig.Inbound, "ann@here.test");
        rig.Settings.Set(rig.Settings.Current with { MailAuth = new MailAuthSettings { SpfEnabled = false, DkimEnabled = false, ArcEnabled = false, DmarcEnabled = false } });
        await rig.SendAsync("bob@there.test", Mail, DeliveryRig.Inbound, "ann@here.test");
        Assert.Equal(0, rig.Resolver.Questions);
        Assert.All(rig.Happened.OfType<MessageAccepted>(), accepted => Assert.Equal("", accepted.Authentication));
    }

    [Theory]
    [InlineData(false, true, true, "dkim=none dmarc=fail")]
    [InlineData(true, false, true, "spf=pass dmarc=pass")]
    [InlineData(true, true, false, "spf=pass dkim=none")]
    public async Task Each_method_can_be_switched_off(bool spf, bool dkim, bool dmarc, string expected)
    {
        await using var rig = await RigAsync();
        rig.Settings.Set(rig.Settings.Current with { MailAuth = new MailAuthSettings { SpfEnabled = spf, DkimEnabled = dkim, DmarcEnabled = dmarc } });
        await rig.SendAsync("bob@there.test", Mail, DeliveryRig.Inbound, "ann@here.test");
        Assert.Equal(expected, Assert.Single(rig.Happened.OfType<MessageAccepted>()).Authentication);
    }

    // mail-rules 31
    [Theory]
    [InlineData(512, AuthResult.Policy)]
    [InlineData(1024, AuthResult.Pass)]
    [InlineData(2048, AuthResult.Pass)]
    public async Task Short_keys_are_never_accepted(int bits, AuthResult expected)
    {
        using var rsa = RSA.Create(bits);
        var dns = new FakeResolver().WithText("s._domainkey.there.test", $"p={Convert.ToBase64String(rsa.ExportSubjectPublicKeyInfo())}");
        var hash = Convert.ToBase64String(SHA256.HashData("Text\r\n"u8));
        var field = $"DKIM-Signature: v=1; a=rsa-sha256; d=there.test; s=s; c=relaxed/relaxed; h=from; bh={hash}; b=";
        var signed = Encoding.ASCII.GetBytes("from:Bob <bob@there.test>\r\n" + field.Replace("DKIM-Signature: ", "dkim-signature:", StringComparison.Ordinal));
        var signature = Convert.ToBase64String(rsa.SignData(signed, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        var (dkim, _) = await SignatureSuiteTests.VerifyAsync(field + signature + "\r\n" + Mail, dns);
        Assert.Equal(expected, Assert.Single(dkim).Result);
    }

    [Fact]
    public async Task A_message_with_many_signatures_costs_no_more_than_ten()
    {
        var dns = new FakeResolver();
        var one = "DKIM-Signature: v=1; a=rsa-sha256; d=there.test; s=s; h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; c=relaxed/relaxed; b=AAAAAAAAAAAA\r\n";
        var (dkim, _) = await SignatureSuiteTests.VerifyAsync(string.Concat(Enumerable.Repeat(one, 200)) + "From: a@there.test\r\n\r\n", dns);
        Assert.Equal(10, dkim.Count);
        Assert.InRange(dns.Questions, 1, 10);
    }

    [Fact]
    public async Task A_big_body_is_hashed_without_being_read_into_memory()
    {
        var line = Encoding.ASCII.GetBytes(new string('x', 998) + "\r\n");
        var body = new byte[50_000 * line.Length];
        for (var at = 0; at < body.Length; at += line.Length)
        {
            line.CopyTo(body, at);
        }

        // Its stream answers at once, so all the work is done on this thread and what other tests allocate meanwhile is not counted.
        var content = new StreamedContent(body);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var hashing = BodyHasher.HashAsync(content, 0, [new BodyForm(true, null), new BodyForm(false, null)], default);
        var spent = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(hashing.IsCompletedSuccessfully, "all was counted");
        Assert.All((await hashing).Values, hash => Assert.Equal(body.Length, hash.Length));
        Assert.InRange(spent, 1, 1_000_000);
    }

    [Property(MaxTest = 500)]
    public void Pieces_do_not_change_a_body_hash(byte[] seed, PositiveInt piece)
    {
        var body = seed.Select(b => " \t\r\nab"u8[b % 6]).ToArray();
        foreach (var form in new[] { new BodyForm(true, null), new BodyForm(false, null), new BodyForm(true, 5) })
        {
            using var whole = new BodyHasher(form);
            using var pieces = new BodyHasher(form);
            whole.Append(body);
            foreach (var part in body.Chunk(piece.Get))
            {
                pieces.Append(part);
            }

            Assert.Equal(whole.Finish().Hash, pieces.Finish().Hash);
        }
    }

    [Property(MaxTest = 1000)]
    public void What_is_written_is_read_back(NonNull<string> sender, NonNull<string> domain)
    {
        var found = new MessageAuthentication
        {
            Spf = new SpfOutcome(AuthResult.SoftFail, SpfIdentity.MailFrom, "x") { Detail = sender.Get },
            Dkim = [new DkimOutcome(AuthResult.Pass, domain.Get, sender.Get) { SignatureStart = "AAAA/+==" }],
            Dmarc = new DmarcOutcome(AuthResult.Fail, "x.test", DmarcPolicy.Reject),
        };
        var field = AuthenticationResults.Write("mail.here.test", found, sender.Get, "helo");
        Assert.DoesNotContain("\r\n\r\n", field, StringComparison.Ordinal);
        Assert.Equal(1, field.Split("\r\n").Count(line => line.Length > 0 && line[0] is not ('\t' or ' ')));
        var read = AuthenticationResults.ReadPrefix(Encoding.UTF8.GetBytes(field + "Received: x\r\n"));
        Assert.Equal(["spf softfail", "dkim pass", "dmarc fail"], read.Select(r => $"{r.Method} {r.Result.Word()}"));
        AuthenticationResults.Read(sender.Get);
        AuthenticationResults.Read("x; " + sender.Get);
    }

    private static async Task<DeliveryRig> RigAsync(string policy = "v=spf1 ip4:192.0.2.0/24 -all")
    {
        var rig = await DeliveryRig.OpenAsync();
        rig.Resolver.WithText("there.test", policy).WithText("_dmarc.there.test", "v=DMARC1; p=reject");
        return rig;
    }

    private static async Task<string> DeliveredAsync(DeliveryRig rig)
    {
        await rig.SettleAsync();
        return Assert.Single(rig.Store.Inbox(1)).Text;
    }

    /// <summary>Octets that can only be had as a stream.</summary>
    private sealed class StreamedContent(byte[] octets) : MessageContent
    {
        public override long Length => octets.Length;

        public override Stream OpenRead() => new MemoryStream(octets, writable: false);
    }
}
