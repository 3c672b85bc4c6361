using System.Net;
using System.Text;
using MailPlus.Engine.Delivery;
using MailPlus.Engine.Delivery.Remote;
using MailPlus.Engine.Delivery.Remote.Sts;
using MailPlus.Engine.Events;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Resolver;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Engine.Smtp.Client;
using MailPlus.Tests.Smtp.Client;
using MailPlus.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace MailPlus.Tests.Delivery;

/// <summary>MTA-STS on the way out (RFC 8461) with a policy host, and what is counted of it (RFC 8460).</summary>
public sealed class StsTests : IAsyncLifetime
{
    private const string Enforced = "version: STSv1\r\nmode: enforce\r\nmx: mx.far.test\r\nmx: *.pool.test\r\nmax_age: 604800\r\n";

    private readonly TestAuthority _authority = new();
    private SystemUnderTest _system = null!;
    private PolicyHost _host = null!;
    private StsPolicies _policies = null!;
    private TlsLedger _ledger = null!;

    public async Task InitializeAsync()
    {
        _system = await SystemUnderTest.StartAsync();
        _host = await PolicyHost.StartAsync(_authority.Issue("mta-sts.far.test", "mta-sts.other.test"), _authority.Intermediate);
        _host.Policy = Enforced;
        Resolver.WithText("_mta-sts.far.test", "v=STSv1; id=one;");
        Resolver.Addresses["mta-sts.far.test"] = new(DnsStatus.Found, [IPAddress.Loopback]);
        _policies = await OpenAsync();
        _ledger = new TlsLedger(_system.Database, _system.Clock);
    }

    public async Task DisposeAsync()
    {
        await _policies.DisposeAsync();
        await _host.DisposeAsync();
        await _system.DisposeAsync();
        _authority.Dispose();
    }

    private FakeResolver Resolver { get; } = new();

    [Theory]
    [InlineData("version: STSv1\nmode: testing\nmx: a.test\nmax_age: 86400\n", true)]
    [InlineData("version: STSv1\r\nmode: none\r\nmax_age: 0\r\n", true)]
    [InlineData("version: STSv1\nmode: enforce\nmode: none\nmx: A.test.\nmax_age: 9999999999\nfuture: field\n\n", true)]
    [InlineData("version: STSv2\nmode: testing\nmx: a.test\nmax_age: 86400\n", false)]
    [InlineData("version: STSv1\nmode: enforce\nmax_age: 86400\n", false)] // no server
    [InlineData("version: STSv1\nmode: strict\nmx: a.test\nmax_age: 86400\n", false)]
    [InlineData("version: STSv1\nmode: enforce\nmx: a.test\n", false)]
    [InlineData("version: STSv1\nmode: enforce\nmx: a.test\nmax_age: -1\n", false)]
    [InlineData("version: STSv1\nmode: enforce\nmx: a.*.test\nmax_age: 86400\n", false)]
    [InlineData("<html>not found</html>", false)]
    [InlineData("", false)]
    public void A_policy_is_read_or_refused_whole(string document, bool good)
    {
        var policy = StsPolicy.Parse(Encoding.UTF8.GetBytes(document));
        Assert.Equal(good, policy is not null);
        Assert.True(policy is null || policy.Lifetime <= TimeSpan.FromSeconds(31_557_600));
        Assert.True(policy is null || policy.Patterns.All(pattern => pattern == "a.test"));
    }

    [Theory]
    [InlineData("mx.far.test", true)]
    [InlineData("MX.far.test.", true)]
    [InlineData("a.pool.test", true)]
    [InlineData("pool.test", false)]
    [InlineData("a.b.pool.test", false)]
    [InlineData("mx2.far.test", false)]
    public void A_star_stands_for_one_label(string host, bool named) => Assert.Equal(named, StsPolicy.Parse(Encoding.UTF8.GetBytes(Enforced))!.Names(host));

    [Theory]
    [InlineData("20260101", "v=STSv1; id=20260101;")]
    [InlineData("x", "v=spf1 -all", "v=STSv1;id=x", "else")]
    [InlineData("x", "v=STSv1 ; new=field; id = x ")]
    [InlineData(null, "v=STSv1; id=a;", "v=STSv1; id=b;")]
    [InlineData(null, "v=STSv1; id=not-alphanumeric;")]
    [InlineData(null, "v=STSv1; id=123456789012345678901234567890123;")]
    [InlineData(null, "v=STSv1;")]
    [InlineData(null, "v=STSv10; id=a;")]
    public void One_good_record_announces_a_policy(string? id, params string[] texts) => Assert.Equal(id, StsRecord.Id(texts));

    [Fact]
    public async Task A_policy_is_fetched_once_and_again_when_another_is_announced()
    {
        Assert.Equal(StsMode.Enforce, (await FindAsync()).Policy!.Mode);
        Assert.Equal(("mta-sts.far.test", "/.well-known/mta-sts.txt"), (_host.LastHost, _host.LastPath));
        await FindAsync();
        Assert.Equal(1, _host.Requests);

        _host.Policy = Enforced.Replace("enforce", "testing", StringComparison.Ordinal);
        Assert.Equal(StsMode.Enforce, (await FindAsync()).Policy!.Mode);
        Resolver.WithText("_mta-sts.far.test", "v=STSv1; id=two;");
        Assert.Equal(StsMode.Testing, (await FindAsync()).Policy!.Mode);
        Assert.Equal(2, _host.Requests);
        _system.Clock.Advance(TimeSpan.FromDays(1.1));
        await FindAsync();
        Assert.Equal(3, _host.Requests);
    }

    [Fact]
    public async Task A_kept_policy_outlives_restart_failure_and_hidden_record_until_its_end()
    {
        await FindAsync();
        await _policies.DisposeAsync();
        _policies = await OpenAsync();
        _host.Answer = context => Status(context, 500);
        Resolver.WithText("_mta-sts.far.test", "v=STSv1; id=two;");
        var kept = await FindAsync();
        Assert.Equal((StsMode.Enforce, TlsFault.StsPolicyFetchError), (kept.Policy!.Mode, kept.Fault));
        var asked = _host.Requests;
        Assert.NotNull((await FindAsync()).Policy); // a failure is not repeated at once
        Assert.Equal(asked, _host.Requests);

        Resolver.Texts.Clear();
        Assert.NotNull((await FindAsync()).Policy);
        _system.Clock.Advance(TimeSpan.FromDays(7.1));
        Assert.Null((await FindAsync()).Policy);
    }

    [Fact]
    public async Task Kept_policies_are_fetched_again_before_they_end_and_dropped_after()
    {
        await FindAsync();
        Resolver.Texts.Clear(); // hidden: only the round finds it again
        _system.Clock.Advance(TimeSpan.FromDays(6));
        await _policies.RefreshAsync(default);
        Assert.Equal(2, _host.Requests);
        _system.Clock.Advance(TimeSpan.FromDays(6));
        Assert.NotNull((await FindAsync()).Policy);
        _system.Clock.Advance(TimeSpan.FromDays(2));
        await _policies.RefreshAsync(default);
        Assert.Equal(0, await _system.Database.ReadAsync(context => Task.FromResult(context.StsPolicies.Count()), default));
    }

    [Fact]
    public async Task What_is_no_policy_is_told_apart()
    {
        _host.Answer = context => Redirect(context);
        await ExpectAsync(TlsFault.StsPolicyFetchError, "302");
        _host.Answer = context => context.Response.WriteAsync(Enforced);
        await ExpectAsync(TlsFault.StsPolicyInvalid, "not text/plain");
        _host.Policy = "nothing of the kind";
        await ExpectAsync(TlsFault.StsPolicyInvalid, "no policy");
        _host.Policy = Enforced + new string('#', 70_000);
        await ExpectAsync(TlsFault.StsPolicyFetchError, "");
        Resolver.Addresses.Remove("mta-sts.far.test");
        await ExpectAsync(TlsFault.StsPolicyFetchError, "has no address");

        await using var stranger = await PolicyHost.StartAsync(_authority.Issue("mta-sts.stranger.test"), _authority.Intermediate);
        Resolver.Addresses["mta-sts.far.test"] = new(DnsStatus.Found, [IPAddress.Loopback]);
        using var fetch = new StsFetch(Resolver, _authority.Trust(), stranger.Port);
        Assert.Equal(TlsFault.StsWebPkiInvalid, (await fetch.FetchAsync("far.test", default)).Fault);
        using var untrusting = new StsFetch(Resolver, null, _host.Port);
        Assert.Equal(TlsFault.StsWebPkiInvalid, (await untrusting.FetchAsync("far.test", default)).Fault);
        Assert.Equal(0, stranger.Requests);

        async Task ExpectAsync(TlsFault fault, string reason)
        {
            using var fetch = new StsFetch(Resolver, _authority.Trust(), _host.Port);
            var fetched = await fetch.FetchAsync("far.test", default);
            Assert.Null(fetched.Policy);
            Assert.Equal(fault, fetched.Fault);
            Assert.Contains(reason, fetched.Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_enforced_policy_wants_a_named_server_with_a_certificate_that_verifies()
    {
        await using var good = Server("mx.far.test");
        await using var rig = await RigAsync(good);
        rig.Resolver.With("far.test", (5, "mx2.far.test"), (10, "mx.far.test")); // the first is not named
        await SendAsync(rig);
        await rig.SettleAsync();
        Assert.Single(good.Messages);
        Assert.EndsWith(", MTA-STS", Attempt(rig).Protection, StringComparison.Ordinal);
        Assert.StartsWith("TLS 1.", Attempt(rig).Protection, StringComparison.Ordinal);

        await using var wrong = Server("mx.other.test");
        await using var clear = new ScriptedSmtpServer { Extensions = [] };
        rig.Resolver.With("far.test", (10, "mx.far.test"));
        await DeferredAsync(rig, wrong, "the certificate is for another name, but MTA-STS demands it", 1);
        await DeferredAsync(rig, clear, "does not offer STARTTLS, but MTA-STS demands it", 2);
        rig.Resolver.With("far.test", (10, "mx2.far.test"));
        await DeferredAsync(rig, good, "mx2.far.test is not among the servers that the MTA-STS policy of far.test names", 3);
        Assert.Equal(
            ["sts certificate-host-mismatch mx.far.test 1", "sts starttls-not-supported mx.far.test 1", "sts success mx.far.test 1", "sts validation-failure mx2.far.test 2"],
            await CountsAsync());
    }

    [Fact]
    public async Task A_policy_in_testing_holds_nothing_back_and_counts()
    {
        _host.Policy = Enforced.Replace("enforce", "testing", StringComparison.Ordinal);
        await using var wrong = Server("mx.other.test");
        await using var rig = await RigAsync(wrong);
        rig.Resolver.With("far.test", (10, "mx.far.test"));
        await SendAsync(rig);
        await rig.SettleAsync();
        Assert.EndsWith(", MTA-STS testing", Attempt(rig).Protection, StringComparison.Ordinal);
        Assert.Equal(["sts certificate-host-mismatch mx.far.test 1"], await CountsAsync());
    }

    // mail-rules 36
    [Fact]
    public async Task Dane_goes_before_the_policy()
    {
        await using var server = Server("mx.other.test"); // neither named nor trusted as the policy wants, but pinned
        await using var rig = await RigAsync(server);
        rig.Resolver.WithSigned("far.test", (10, "mx2.far.test"));
        rig.Resolver.WithTlsa($"_{server.EndPoint.Port}._tcp.mx2.far.test", DaneMatchTests.Record(3, 1, 1, server.Certificate!));
        await SendAsync(rig);
        await rig.SettleAsync();
        Assert.EndsWith(", DANE", Attempt(rig).Protection, StringComparison.Ordinal);
        Assert.Equal(["tlsa success mx2.far.test 1"], await CountsAsync());

        // and the other way round: a server that the policy would take does not get past a pin it fails
        await using var named = Server("mx.far.test");
        rig.Resolver.WithSigned("far.test", (10, "mx.far.test"));
        rig.Resolver.WithTlsa($"_{named.EndPoint.Port}._tcp.mx.far.test", DaneMatchTests.Record(3, 1, 1, _authority.Root));
        await DeferredAsync(rig, named, "but DANE demands it", 1);
    }

    [Fact]
    public async Task Without_a_policy_the_way_is_opportunistic_and_says_so()
    {
        Resolver.Texts.Clear();
        await using var clear = new ScriptedSmtpServer { Extensions = [] };
        await using var rig = await RigAsync(clear);
        rig.Resolver.With("far.test", (10, "mx.far.test"));
        await SendAsync(rig);
        await rig.SettleAsync();
        Assert.Equal("no TLS", Attempt(rig).Protection);
        await using var server = Server("x.test");
        rig.Settings.Set(rig.Settings.Current with { Delivery = new DeliverySettings { RemotePort = server.EndPoint.Port } });
        await SendAsync(rig);
        await rig.SettleAsync();
        Assert.EndsWith(", opportunistic", Attempt(rig).Protection, StringComparison.Ordinal);
        Assert.Equal(["no-policy-found starttls-not-supported mx.far.test 1", "no-policy-found success mx.far.test 1"], await CountsAsync());
    }

    [Fact]
    public async Task A_message_that_found_no_proven_server_counts_nothing()
    {
        Resolver.Texts.Clear();
        await using var server = Server("mx.far.test");
        await using var rig = await RigAsync(server);
        rig.Resolver.With("far.test", (10, "mx.far.test"));
        var envelope = new Envelope(EmailAddress.Parse("bob@here.test"), [new Recipient(EmailAddress.Parse("a@far.test"))]) { Terms = new DeliveryTerms { RequiresTls = true } };
        await rig.Acceptance.AcceptAsync(new IncomingMessage(envelope, MessageContent.FromMemory("Subject: out\r\n\r\nbody\r\n"u8.ToArray()), DeliveryRig.Submission(2)), default);
        await rig.SettleAsync();
        Assert.Equal(0, server.Connections);
        Assert.Empty(await CountsAsync());
    }

    [Fact]
    public async Task Counts_add_up_by_day_are_kept_five_weeks_and_shown_to_who_may_see_logs()
    {
        _ledger.Note(new TlsTry("a.test", TlsPolicyKind.Dane, TlsFault.None, "mx.a.test") { Address = "192.0.2.1" });
        await _ledger.WriteAsync(default);
        _ledger.Note(new TlsTry("a.test", TlsPolicyKind.Dane, TlsFault.None, "mx.a.test") { Address = "192.0.2.1" });
        _ledger.Note(new TlsTry("b.test", TlsPolicyKind.MtaSts, TlsFault.StsPolicyInvalid, "") { Reason = new string('x', 400) });
        var operations = new TlsReportOperations(_system.Database, _ledger);
        var page = await operations.ListAsync(Actor.Operator, new TlsResultQuery(), default);
        Assert.Equal(2, page.Total);
        Assert.Equal(("tlsa", "success", 2L, "mx.a.test", "192.0.2.1"), (page.Rows[0].Policy, page.Rows[0].Result, page.Rows[0].Sessions, page.Rows[0].Host, page.Rows[0].Address));
        Assert.Equal("b.test", Assert.Single((await operations.ListAsync(Actor.Operator, new TlsResultQuery { FailuresOnly = true }, default)).Rows).Domain);
        Assert.Equal("a.test", Assert.Single((await operations.ListAsync(Actor.Operator, new TlsResultQuery { Domain = "A.t" }, default)).Rows).Domain);
        await Assert.ThrowsAsync<RefusedException>(() => operations.ListAsync(Actor.ForAccount(new AccountId(5), "ann", false), new TlsResultQuery(), default));

        _system.Clock.Advance(TimeSpan.FromDays(1));
        _ledger.Note(new TlsTry("a.test", TlsPolicyKind.Dane, TlsFault.None, "mx.a.test") { Address = "192.0.2.1" });
        Assert.Equal(3, (await operations.ListAsync(Actor.Operator, new TlsResultQuery(), default)).Total);
        _system.Clock.Advance(TimeSpan.FromDays(34));
        _ledger.Note(new TlsTry("c.test", TlsPolicyKind.Dane, TlsFault.None, "mx.c.test"));
        Assert.Equal(["c.test", "a.test"], (await operations.ListAsync(Actor.Operator, new TlsResultQuery(), default)).Rows.Select(row => row.Domain));
    }

    private static RecipientAttempted Attempt(DeliveryRig rig) => rig.Happened.OfType<RecipientAttempted>().Last();

    private static Task SendAsync(DeliveryRig rig) => rig.SendAsync("bob@here.test", "Subject: out\r\n\r\nbody\r\n", DeliveryRig.Submission(2), "a@far.test");

    private static Task Status(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    private static Task Redirect(HttpContext context)
    {
        context.Response.Redirect("https://mta-sts.other.test/");
        return Task.CompletedTask;
    }

    private static async Task DeferredAsync(DeliveryRig rig, ScriptedSmtpServer server, string reason, int left)
    {
        rig.Settings.Set(rig.Settings.Current with { Delivery = new DeliverySettings { RemotePort = server.EndPoint.Port } });
        var before = server.Messages.Count;
        await SendAsync(rig);
        await rig.SettleAsync(left);
        Assert.Contains(reason, Attempt(rig).Reply, StringComparison.Ordinal);
        Assert.Equal(before, server.Messages.Count);
    }

    private async Task<IReadOnlyList<string>> CountsAsync()
    {
        var page = await new TlsReportOperations(_system.Database, _ledger).ListAsync(Actor.Operator, new TlsResultQuery(), default);
        return [.. page.Rows.Select(row => $"{row.Policy} {row.Result} {row.Host} {row.Sessions}").Order(StringComparer.Ordinal)];
    }

    private ValueTask<StsFinding> FindAsync() => _policies.FindAsync("far.test", default);

    private Task<StsPolicies> OpenAsync() =>
        StsPolicies.OpenAsync(_system.Database, Resolver, new StsFetch(Resolver, _authority.Trust(), _host.Port), _system.Clock, NullLogger<StsPolicies>.Instance, default);

    private async Task<DeliveryRig> RigAsync(ScriptedSmtpServer server)
    {
        var rig = await DeliveryRig.OpenAsync(start: false);
        rig.Policies = _policies;
        rig.Ledger = _ledger;
        rig.Trust = _authority.Trust();
        rig.Settings.Set(rig.Settings.Current with { Delivery = new DeliverySettings { RemotePort = server.EndPoint.Port } });
        await rig.ReopenAsync();
        return rig;
    }

    private ScriptedSmtpServer Server(string name) => new() { Certificate = _authority.Issue(name), Chain = [_authority.Intermediate], Extensions = ["STARTTLS"] };
}
