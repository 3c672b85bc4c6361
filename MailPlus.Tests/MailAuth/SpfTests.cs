using System.Net;
using FsCheck;
using FsCheck.Xunit;
using MailPlus.Engine.MailAuth;
using MailPlus.Engine.MailAuth.Spf;
using MailPlus.Engine.Resolver;
using MailPlus.Tests.Delivery;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace MailPlus.Tests.MailAuth;

/// <summary>What the suite leaves open: limits, the HELO identity, hostile text.</summary>
public sealed class SpfTests
{
    private readonly FakeResolver _dns = new();

    [Fact]
    public async Task A_null_sender_is_judged_by_its_helo_name()
    {
        _dns.WithText("mx.example.test", "v=spf1 ip4:192.0.2.1 -all");
        var outcome = await AskAsync("192.0.2.1", "");
        Assert.Equal((AuthResult.Pass, SpfIdentity.Helo, "mx.example.test"), (outcome.Result, outcome.Identity, outcome.Domain));
    }

    [Fact]
    public async Task A_forged_pointer_does_not_pass()
    {
        _dns.WithText("example.test", "v=spf1 ptr -all");
        _dns.Pointers[IPAddress.Parse("192.0.2.66")] = new DnsAnswer<string>(DnsStatus.Found, ["mail.example.test"]);
        _dns.Addresses["mail.example.test"] = new DnsAnswer<IPAddress>(DnsStatus.Found, [IPAddress.Parse("192.0.2.1")]);
        Assert.Equal(AuthResult.Fail, (await AskAsync("192.0.2.66", "a@example.test")).Result);
    }

    [Fact]
    public async Task A_client_with_a_mapped_address_is_an_ipv4_client()
    {
        _dns.WithText("example.test", "v=spf1 ip4:192.0.2.0/24 -all");
        Assert.Equal(AuthResult.Pass, (await AskAsync("::ffff:192.0.2.9", "a@example.test")).Result);
    }

    [Fact]
    public async Task Policies_that_include_one_another_end()
    {
        _dns.WithText("a.test", "v=spf1 include:b.test include:b.test -all").WithText("b.test", "v=spf1 include:a.test include:a.test -all");
        Assert.Equal(AuthResult.PermError, (await AskAsync("192.0.2.1", "x@a.test")).Result);
        Assert.InRange(_dns.Questions, 1, 12);
    }

    [Fact]
    public async Task A_server_that_never_answers_is_a_temporary_error_after_the_limit()
    {
        var clock = new FakeTimeProvider();
        var check = new SpfCheck(new SilentResolver(), clock).CheckAsync(new SpfQuestion(IPAddress.Loopback, "h.test", "a@b.test"), TimeSpan.FromSeconds(20), default);
        Assert.False(check.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(21));
        Assert.Equal(AuthResult.TempError, (await check).Result);
    }

    [Theory]
    [InlineData("v=spf1 a:example.test/33")]
    [InlineData("v=spf1 a:example.test//129")]
    [InlineData("v=spf1 a/024")]
    [InlineData("v=spf1 ip4:192.0.2.1/")]
    [InlineData("v=spf1 ip4:192.0.2.01")]
    [InlineData("v=spf1 ip6:fe80::1%eth0")]
    [InlineData("v=spf1 -redirect=example.test")]
    [InlineData("v=spf1 exists:%{i0}.example.test")]
    [InlineData("v=spf1 exp=a.test exp=b.test")]
    public void Faults_are_seen(string text) => Assert.False(SpfRecordReader.TryRead(text, out _, out var fault) || fault.Length == 0);

    [Property(MaxTest = 2000)]
    public void Any_text_is_read_or_refused(NonNull<string> text)
    {
        foreach (var record in new[] { "v=spf1 " + text.Get, "v=spf1 a:" + text.Get, "v=spf1 exists:%{" + text.Get + "}.example.test", "v=spf1 ip6:" + text.Get })
        {
            if (SpfRecordReader.TryRead(record, out var read, out _))
            {
                Assert.All(read.Directives, directive => Assert.InRange(directive.Prefix4, 0, 32));
            }
        }
    }

    [Property(MaxTest = 1000)]
    public void Any_sender_gets_an_answer(NonNull<string> local, NonNull<string> helo, byte[] seed)
    {
        var dns = new FakeResolver();
        dns.WithText("example.test", "v=spf1 exists:%{l1r-}.%{h}.%{i}.example.test exists:%{S}.%{p}.example.test -all exp=exp.example.test").WithText("exp.example.test", "%{L} %{H} %{c} %{r} %{t}");
        var client = new IPAddress([.. seed.Concat(new byte[16]).Take(seed.Length % 2 == 0 ? 4 : 16)]);
        var answer = new SpfCheck(dns, TimeProvider.System).CheckAsync(new SpfQuestion(client, helo.Get, local.Get + "@example.test"), SpfCheck.DefaultTimeLimit, default);
        Assert.True(answer.IsCompletedSuccessfully);
    }

    private Task<SpfOutcome> AskAsync(string client, string sender) =>
        new SpfCheck(_dns, TimeProvider.System).CheckAsync(new SpfQuestion(IPAddress.Parse(client), "mx.example.test", sender), SpfCheck.DefaultTimeLimit, default);
}
