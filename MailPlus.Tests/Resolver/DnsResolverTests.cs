using System.Net;
using System.Net.Sockets;
using ARSoft.Tools.Net;
using ARSoft.Tools.Net.Dns;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Resolver;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using ArDomain = ARSoft.Tools.Net.DomainName;
using ArTlsa = ARSoft.Tools.Net.Dns.TlsaRecord;
using DomainName = MailPlus.Engine.Primitives.DomainName;

namespace MailPlus.Tests.Resolver;

public sealed class DnsResolverTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly DnsServer _server;
    private readonly DnsResolver _resolver;
    private readonly SettableSettings _settings;
    private int _questions;

    public DnsResolverTests()
    {
        (_server, var port) = Start();
        _server.QueryReceived += (_, query) =>
        {
            Interlocked.Increment(ref _questions);
            var request = (DnsMessage)query.Query;
            var answer = request.CreateResponseInstance();
            Answer(request.Questions[0], answer);
            answer.IsAuthenticData = request.IsDnsSecOk && request.Questions[0].Name.ToString().TrimEnd('.').EndsWith("signed.test", StringComparison.Ordinal);
            query.Response = answer;
            return Task.CompletedTask;
        };
        _settings = new SettableSettings(With($"127.0.0.1:{port}"));
        _resolver = new DnsResolver(_settings, _clock);
    }

    public void Dispose()
    {
        try
        {
            _server.Stop();
        }
        catch (AggregateException stopped) when (stopped.InnerExceptions.All(e => e is TaskCanceledException))
        {
            // it was stopped before its loops had begun
        }
    }

    [Fact]
    public async Task Exchangers_come_by_preference()
    {
        var answer = await _resolver.QueryMxAsync(DomainName.Parse("two.test"), default);
        Assert.Equal(DnsStatus.Found, answer.Status);
        Assert.Equal([new MailExchanger(10, "a.two.test"), new MailExchanger(20, "b.two.test")], answer.Records);
    }

    // mail-rules 16
    [Fact]
    public async Task Null_mx_is_told_apart() => Assert.True(Assert.Single((await _resolver.QueryMxAsync(DomainName.Parse("null.test"), default)).Records).IsNull);

    [Theory]
    [InlineData("missing.test", DnsStatus.NoSuchName)]
    [InlineData("empty.test", DnsStatus.NoData)]
    [InlineData("broken.test", DnsStatus.TemporaryFailure)]
    public async Task Kinds_of_no_are_told_apart(string name, DnsStatus expected)
    {
        Assert.Equal(expected, (await _resolver.QueryMxAsync(DomainName.Parse(name), default)).Status);
        Assert.Equal(expected, (await _resolver.QueryAddressesAsync(name, default)).Status);
    }

    [Fact]
    public async Task Addresses_text_and_pointers()
    {
        Assert.Equal([IPAddress.Parse("192.0.2.1")], (await _resolver.QueryAddressesAsync("host.test", AddressFamily.InterNetwork, default)).Records);
        Assert.Equal([IPAddress.Parse("2001:db8::1")], (await _resolver.QueryAddressesAsync("host.test", AddressFamily.InterNetworkV6, default)).Records);
        Assert.Equal([IPAddress.Parse("192.0.2.1"), IPAddress.Parse("2001:db8::1")], (await _resolver.QueryAddressesAsync("host.test", default)).Records);
        Assert.Equal(["v=spf1 -all"], (await _resolver.QueryTxtAsync("host.test", default)).Records);
        Assert.Equal(["host.test"], (await _resolver.QueryPtrAsync(IPAddress.Parse("192.0.2.1"), default)).Records);
        Assert.Equal([IPAddress.Parse("192.0.2.9")], (await _resolver.QueryAddressesAsync("192.0.2.9", default)).Records);
    }

    [Theory]
    [InlineData(DnssecTrust.Loopback, true)]
    [InlineData(DnssecTrust.Always, true)]
    [InlineData(DnssecTrust.Never, false)]
    public async Task The_word_of_a_trusted_resolver_makes_an_answer_secure(DnssecTrust trust, bool secure)
    {
        _settings.Set(_settings.Current with { Resolver = _settings.Current.Resolver with { DnssecTrust = trust } });
        var tlsa = await _resolver.QueryTlsaAsync("_25._tcp.signed.test", default);
        Assert.Equal(secure, tlsa.IsSecure);
        var record = Assert.Single(tlsa.Records);
        Assert.Equal((3, 1, 1, "0102FF"), (record.Usage, record.Selector, record.Matching, Convert.ToHexString(record.Data.Span)));
        Assert.Equal(secure, (await _resolver.QueryTlsaAsync("_25._tcp.signed.test", default)).IsSecure); // from the cache
        Assert.Equal((DnsStatus.NoData, secure), await StatusAsync("empty.signed.test"));
        Assert.Equal((DnsStatus.NoSuchName, secure), await StatusAsync("missing.signed.test"));
        Assert.False((await _resolver.QueryTxtAsync("host.test", default)).IsSecure);

        async Task<(DnsStatus, bool)> StatusAsync(string name)
        {
            var answer = await _resolver.QueryAddressesAsync(name, default);
            return (answer.Status, (await _resolver.QueryTxtAsync(name, default)).IsSecure);
        }
    }

    [Fact]
    public async Task Aliases_are_told()
    {
        var answer = await _resolver.QueryAddressesAsync("alias.signed.test", default);
        Assert.Equal(("host.signed.test", true), (answer.CanonicalName, answer.IsSecure));
        Assert.Equal([IPAddress.Parse("192.0.2.2")], answer.Records);
        Assert.Equal(["host.signed.test"], (await _resolver.QueryAliasAsync("alias.signed.test", default)).Records);
        Assert.Equal("", (await _resolver.QueryAddressesAsync("host.test", default)).CanonicalName);
    }

    // mail-rules 36
    [Theory]
    [InlineData("127.0.0.1", DnssecTrust.Loopback, true)]
    [InlineData("127.0.0.53", DnssecTrust.Loopback, true)]
    [InlineData("::1", DnssecTrust.Loopback, true)]
    [InlineData("127.0.0.11", DnssecTrust.Loopback, false)] // passes on what it heard
    [InlineData("192.0.2.53", DnssecTrust.Loopback, false)]
    [InlineData("192.0.2.53", DnssecTrust.Always, true)]
    [InlineData("127.0.0.1", DnssecTrust.Never, false)]
    public void Only_resolvers_on_this_machine_are_trusted_unless_told_otherwise(string resolver, DnssecTrust trust, bool expected) =>
        Assert.Equal(expected, DnsResolver.Trusts(trust, IPAddress.Parse(resolver)));

    [Fact]
    public async Task An_answer_is_kept_for_its_time_to_live()
    {
        await _resolver.QueryTxtAsync("host.test", default);
        var asked = _questions;
        await _resolver.QueryTxtAsync("HOST.test", default);
        Assert.Equal(asked, _questions);
        _clock.Advance(TimeSpan.FromSeconds(61));
        await _resolver.QueryTxtAsync("host.test", default);
        Assert.Equal(asked + 1, _questions);
    }

    [Fact]
    public async Task Nobody_answering_is_temporary()
    {
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var settings = new SettableSettings(With(silent.LocalEndPoint!.ToString()!, patience: 1));
        var answer = await new DnsResolver(settings, _clock).QueryTxtAsync("host.test", default);
        Assert.Equal(DnsStatus.TemporaryFailure, answer.Status);
        Assert.NotEqual("", answer.Detail);
    }

    // Who writes such answers must not decide what becomes of the mail: it is no answer at all.
    [Theory]
    [InlineData("81800001000100000000", "C00C001000010000002000030576312D616C6C")] // a text longer than its record
    [InlineData("81800001000100000000", "C00C00100001000000200003")] // ends before its data
    [InlineData("81800001000100000000", "C0FF001000010000002000020141")] // a name that points nowhere
    [InlineData("81800001000100000000", "056F74686572000010000100000020000201" + "41")] // about another name
    [InlineData("81800001000900000000", "C00C001000010000002000020141")] // fewer records than it says
    [InlineData("81800001000100000000", "4F6161610010000100000020000201")] // a label longer than there can be
    [InlineData("8180", "")]
    public async Task An_answer_that_cannot_be_read_is_temporary(string header, string records)
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var settings = new SettableSettings(With(server.LocalEndPoint!.ToString()!));
        using var stop = new CancellationTokenSource();
        var serving = AnswerAsync();
        var answer = await new DnsResolver(settings, _clock).QueryTxtAsync("host.test", default);
        Assert.Equal(DnsStatus.TemporaryFailure, answer.Status);
        Assert.NotEqual("", answer.Detail);
        await stop.CancelAsync();
        await serving;

        async Task AnswerAsync()
        {
            const int Header = 12;
            var question = new byte["host.test".Length + 2 + 4];
            var buffer = new byte[1500];
            try
            {
                while (true)
                {
                    var received = await server.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), stop.Token);
                    buffer.AsSpan(Header, question.Length).CopyTo(question);
                    await server.SendToAsync((byte[])[buffer[0], buffer[1], .. Convert.FromHexString(header), .. question, .. Convert.FromHexString(records)], SocketFlags.None, received.RemoteEndPoint, stop.Token);
                }
            }
            catch (OperationCanceledException)
            {
                // it has asked
            }
        }
    }

    [Fact]
    public void The_cache_stays_within_its_bound()
    {
        var cache = new AnswerCache(100, _clock);
        for (var i = 0; i < 1000; i++)
        {
            cache.Keep("A", $"n{i}", new DnsAnswer<int>(DnsStatus.Found, [i]), TimeSpan.FromHours(1));
            Assert.True(cache.TryGet<int>("A", $"n{i}", out _));
        }

        Assert.InRange(cache.Count, 1, 100);
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1:53")]
    [InlineData("192.0.2.1:5353", "192.0.2.1:5353")]
    [InlineData("2001:db8::1", "[2001:db8::1]:53")]
    [InlineData("[2001:db8::1]:54", "[2001:db8::1]:54")]
    [InlineData("dns.example", null)]
    public void Servers_are_addresses_with_or_without_port(string text, string? expected)
    {
        Assert.Equal(expected is not null, DnsResolver.TryParseServer(text, out var server));
        Assert.Equal(expected ?? server.ToString(), server.ToString());
    }

    private static SettingsSnapshot With(string server, int patience = 60) => new() { Resolver = new ResolverSettings { Servers = [server], TimeoutSeconds = patience } };

    private static (DnsServer Server, int Port) Start()
    {
        while (true)
        {
            var port = FreePort.Next();
            try
            {
                var end = new IPEndPoint(IPAddress.Loopback, port);
                var server = new DnsServer(new UdpServerTransport(end), new TcpServerTransport(end, 5000, 5000));
                server.Start();
                return (server, port);
            }
            catch (SocketException)
            {
                // somebody took the port meanwhile
            }
        }
    }

    private static void Answer(DnsQuestion question, DnsMessage answer)
    {
        var name = question.Name;
        answer.ReturnCode = ReturnCode.NoError;
        switch (name.ToString().TrimEnd('.').ToLowerInvariant(), question.RecordType)
        {
            case ("two.test", RecordType.Mx):
                answer.AnswerRecords.Add(new MxRecord(name, 60, 20, ArDomain.Parse("b.two.test")));
                answer.AnswerRecords.Add(new MxRecord(name, 60, 10, ArDomain.Parse("A.two.test")));
                break;
            case ("null.test", RecordType.Mx):
                answer.AnswerRecords.Add(new MxRecord(name, 60, 0, ArDomain.Root));
                break;
            case ("_25._tcp.signed.test", RecordType.Tlsa):
                answer.AnswerRecords.Add(new ArTlsa(name, 60, (ArTlsa.TlsaCertificateUsage)3, (ArTlsa.TlsaSelector)1, (ArTlsa.TlsaMatchingType)1, [1, 2, 255]));
                break;
            case ("alias.signed.test", RecordType.A or RecordType.Aaaa or RecordType.CName):
                answer.AnswerRecords.Add(new CNameRecord(name, 60, ArDomain.Parse("host.signed.test")));
                if (question.RecordType == RecordType.A)
                {
                    answer.AnswerRecords.Add(new ARecord(ArDomain.Parse("host.signed.test"), 60, IPAddress.Parse("192.0.2.2")));
                }

                break;
            case ("missing.signed.test", _):
            case ("missing.test", _):
                answer.ReturnCode = ReturnCode.NxDomain;
                break;
            case ("broken.test", _):
                answer.ReturnCode = ReturnCode.ServerFailure;
                break;
            case ("host.test", RecordType.A):
                answer.AnswerRecords.Add(new ARecord(name, 60, IPAddress.Parse("192.0.2.1")));
                break;
            case ("host.test", RecordType.Aaaa):
                answer.AnswerRecords.Add(new AaaaRecord(name, 60, IPAddress.Parse("2001:db8::1")));
                break;
            case ("host.test", RecordType.Txt):
                answer.AnswerRecords.Add(new TxtRecord(name, 60, new[] { "v=spf1 ", "-all" }));
                break;
            case ("1.2.0.192.in-addr.arpa", RecordType.Ptr):
                answer.AnswerRecords.Add(new PtrRecord(name, 60, ArDomain.Parse("host.test")));
                break;
        }
    }
}
