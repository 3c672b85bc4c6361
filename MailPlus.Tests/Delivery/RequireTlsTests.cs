using System.Text;
using MailPlus.Engine.Delivery;
using MailPlus.Engine.Events;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Resolver;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Tests.Smtp.Client;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Delivery;

/// <summary>REQUIRETLS and TLS-Required: No on the way out (RFC 8689).</summary>
public sealed class RequireTlsTests : IDisposable
{
    private const string Text = "From: bob@here.test\r\nSubject: out\r\n\r\nbody\r\n";
    private const string Waiver = "TLS-Required: No\r\n";

    private readonly TestAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData(Waiver)] // REQUIRETLS is the stronger word
    public async Task A_server_that_has_proven_itself_and_keeps_to_it_gets_the_message_after_a_restart_too(string header)
    {
        await using var server = Server("REQUIRETLS");
        await using var rig = await OpenAsync(server, start: false);
        rig.Resolver.WithSigned("far.test", (10, "mx.far.test")).WithTlsa(Name(server), DaneMatchTests.Record(3, 1, 1, server.Certificate!));
        await SendAsync(rig, header, required: true);
        await rig.ReopenAsync();
        await rig.SettleAsync();
        Assert.Single(server.Messages);
        Assert.Contains("MAIL FROM:<bob@here.test> REQUIRETLS", server.Commands);
        Assert.Contains("STARTTLS", server.Commands);
    }

    [Fact]
    public async Task A_server_that_does_not_keep_to_it_gets_nothing_and_the_sender_is_told()
    {
        await using var server = Server("SIZE");
        await using var rig = await OpenAsync(server);
        rig.Resolver.WithSigned("far.test", (10, "mx.far.test")).WithTlsa(Name(server), DaneMatchTests.Record(3, 1, 1, server.Certificate!));
        await SendAsync(rig, "", required: true);
        await BouncedAsync(rig, server);
        Assert.DoesNotContain(server.Commands, command => command.StartsWith("MAIL", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_with_a_wrong_certificate_gets_nothing()
    {
        await using var server = Server("REQUIRETLS");
        await using var rig = await OpenAsync(server);
        rig.Resolver.WithSigned("far.test", (10, "mx.far.test")).WithTlsa(Name(server), DaneMatchTests.Record(3, 1, 1, _authority.Root));
        await SendAsync(rig, "", required: true);
        await BouncedAsync(rig, server);
    }

    [Fact]
    public async Task A_name_that_nobody_vouches_for_is_not_even_spoken_to()
    {
        await using var server = Server("REQUIRETLS");
        await using var rig = await OpenAsync(server);
        rig.Resolver.With("far.test", (10, "mx.far.test"));
        await SendAsync(rig, "", required: true);
        await BouncedAsync(rig, server);
        Assert.Equal(0, server.Connections);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // another server is there and does not fit
    public async Task Trouble_with_DNS_is_waited_out(bool another)
    {
        await using var server = Server("SIZE");
        await using var rig = await OpenAsync(server);
        rig.Resolver.WithSigned("far.test", another ? [(10, "mx.far.test"), (20, "mx2.far.test")] : [(10, "mx.far.test")]);
        rig.Resolver.Tlsa[Name(server)] = new(DnsStatus.TemporaryFailure, []) { Detail = "SERVFAIL" };
        await SendAsync(rig, "", required: true);
        await rig.SettleAsync(left: 1);
        Assert.Empty(rig.Store.Inbox(2));
    }

    [Theory]
    [InlineData(Waiver, true)]
    [InlineData("tls-required:  no \r\n", true)]
    [InlineData("TLS-Required: Yes\r\n", false)]
    [InlineData(Waiver + Waiver, false)]
    [InlineData("", false)]
    public async Task An_author_may_want_delivery_more_than_protection(string header, bool delivered)
    {
        await using var server = Server("SIZE");
        await using var rig = await OpenAsync(server);
        rig.Resolver.WithSigned("far.test", (10, "mx.far.test")).WithTlsa(Name(server), DaneMatchTests.Record(3, 1, 1, _authority.Root));
        await SendAsync(rig, header, required: false);
        await rig.SettleAsync(left: delivered ? 0 : 1);
        Assert.Equal(delivered ? 1 : 0, server.Messages.Count);
    }

    [Fact]
    public async Task A_report_about_such_a_message_says_the_same()
    {
        await using var server = Server("SIZE");
        server.Answer = line => line.StartsWith("RCPT", StringComparison.Ordinal) ? "550 5.1.1 nobody" : null;
        await using var rig = await OpenAsync(server);
        rig.Resolver.With("far.test", (10, "mx.far.test"));
        await SendAsync(rig, Waiver, required: false);
        await rig.SettleAsync();
        Assert.Contains("\r\nTLS-Required: No\r\n", Assert.Single(rig.Store.Inbox(2)).Text.Split("\r\n\r\n")[0] + "\r\n", StringComparison.Ordinal);
    }

    private static async Task BouncedAsync(DeliveryRig rig, ScriptedSmtpServer server)
    {
        await rig.SettleAsync();
        Assert.Empty(server.Messages);
        Assert.Contains("Status: 5.7.30", Assert.Single(rig.Store.Inbox(2)).Text, StringComparison.Ordinal);
        Assert.Equal(DeliveryResult.Failed, rig.Happened.OfType<RecipientAttempted>().First(e => e.Recipient == "a@far.test").Result);
    }

    private static string Name(ScriptedSmtpServer server) => $"_{server.EndPoint.Port}._tcp.mx.far.test";

    private static async Task<DeliveryRig> OpenAsync(ScriptedSmtpServer server, bool start = true)
    {
        var rig = await DeliveryRig.OpenAsync(start);
        rig.Settings.Set(rig.Settings.Current with { Delivery = new DeliverySettings { RemotePort = server.EndPoint.Port } });
        return rig;
    }

    private static Task SendAsync(DeliveryRig rig, string header, bool required) => rig.Acceptance.AcceptAsync(
        new IncomingMessage(
            new Envelope(EmailAddress.Parse("bob@here.test"), [new Recipient(EmailAddress.Parse("a@far.test"))]) { Terms = new DeliveryTerms { RequiresTls = required } },
            MessageContent.FromMemory(Encoding.UTF8.GetBytes(header + Text)), DeliveryRig.Submission(2)),
        default);

    private ScriptedSmtpServer Server(string extension) => new() { Certificate = _authority.Issue("mx.far.test"), Chain = [_authority.Intermediate], Extensions = ["STARTTLS", extension] };
}
