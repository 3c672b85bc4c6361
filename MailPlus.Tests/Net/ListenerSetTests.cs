using System.Net;
using System.Net.Sockets;
using System.Text;
using MailPlus.Engine.Net.Connections;
using MailPlus.Engine.Net.Listeners;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace MailPlus.Tests.Net;

public sealed class ListenerSetTests : IAsyncLifetime
{
    private static readonly IPEndPoint AnyPort = new(IPAddress.Loopback, 0);

    private readonly SettableSettings _settings = new();
    private readonly EchoHandler _handler = new();
    private readonly List<ListenerSet> _sets = [];
    private ConnectionTable? _table;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var set in _sets)
        {
            await set.DisposeAsync();
        }

        _table?.Dispose();
    }

    [Fact]
    public async Task Binds_overridden_listeners_and_says_where()
    {
        var set = Make(new() { ["smtp"] = AnyPort, ["imap"] = null });
        await set.StartAsync(default);
        var smtp = Assert.Single(set.States, s => s.Name == "smtp");
        Assert.Equal((ListenerStatus.Running, true), (smtp.Status, smtp.Overridden));
        Assert.Equal(ListenerStatus.Stopped, set.States.Single(s => s.Name == "imap").Status);
        using var client = await WireClient.ConnectAsync(Assert.Single(smtp.Bound).Port);
        await client.SendAsync("hello\r\n");
        Assert.Equal("hello", await client.ReadLineAsync());
    }

    [Fact]
    public async Task A_port_in_use_makes_only_that_listener_abnormal_and_is_taken_when_it_becomes_free()
    {
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(AnyPort);
        other.Listen();
        var taken = (IPEndPoint)other.LocalEndPoint!;
        var set = Make(new() { ["smtp"] = taken, ["imap"] = AnyPort });
        await set.StartAsync(default);
        var smtp = set.States[0];
        Assert.Equal(ListenerStatus.Abnormal, smtp.Status);
        Assert.Equal("PortInUse", smtp.Reason!.TextKey);
        Assert.Equal(taken.ToString(), Assert.Single(smtp.Reason.Arguments));
        Assert.Equal(ListenerStatus.Running, set.States[1].Status);
        other.Dispose();
        await set.ApplyAsync(default);
        Assert.Equal(ListenerStatus.Running, set.States[0].Status);
    }

    [Fact]
    public async Task A_changed_port_starts_the_new_listener_and_keeps_sessions_of_the_old_one()
    {
        var (first, second) = (FreePort.Next(), FreePort.Next());
        _settings.Set(On(smtp: first));
        var set = Make([]);
        await set.StartAsync(default);
        using var session = await WireClient.ConnectAsync(first);
        await session.SendAsync("one\r\n");
        Assert.Equal("one", await session.ReadLineAsync());

        _settings.Set(On(smtp: second));
        await Eventually.TrueAsync(() => Task.FromResult(set.States[0].Bound.Any(b => b.Port == second)), () => "the new port is bound");
        await Eventually.TrueAsync(async () => !await CanConnectAsync(first), () => "the old port refuses");
        Assert.True(await CanConnectAsync(second));
        await session.SendAsync("two\r\n");
        Assert.Equal("two", await session.ReadLineAsync());
    }

    [Fact]
    public async Task When_the_new_port_cannot_be_bound_the_old_listener_keeps_serving()
    {
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(AnyPort);
        other.Listen();
        var first = FreePort.Next();
        _settings.Set(On(smtp: first));
        var set = Make([]);
        await set.StartAsync(default);
        var wanted = On(smtp: ((IPEndPoint)other.LocalEndPoint!).Port);
        Assert.Equal("PortInUse", Assert.Single(await set.CheckAsync(wanted.Service, default)).TextKey);
        var before = _settings.Current.Service;
        var refused = Assert.Single(await set.CheckChangeAsync(before, wanted.Service, default));
        Assert.Equal(("PortInUse", "Service.Smtp"), (refused.TextKey, refused.Field));
        _settings.Set(wanted);
        await set.ApplyAsync(default);
        Assert.Equal(ListenerStatus.Abnormal, set.States[0].Status);
        Assert.True(await CanConnectAsync(first));

        // What is Abnormal already is not this save's fault.
        Assert.Empty(await set.CheckChangeAsync(wanted.Service, wanted.Service with { Imap = new ListenerSetting(true, FreePort.Next()) }, default));
    }

    [Fact]
    public async Task Ports_can_be_swapped_between_listeners_and_moved_to_another_address()
    {
        var (a, b) = (FreePort.Next(), FreePort.Next());
        _settings.Set(On(smtp: a, imap: b));
        var set = Make([]);
        await set.StartAsync(default);
        _settings.Set(On(smtp: b, imap: a));
        await set.ApplyAsync(default);
        Assert.Equal([b, a], set.States.Select(s => Assert.Single(s.Bound).Port));
        var everywhere = On(smtp: b, imap: a);
        _settings.Set(everywhere with { Service = everywhere.Service with { ListenAddresses = [] } });
        await set.ApplyAsync(default);
        Assert.All(set.States, s => Assert.Equal(ListenerStatus.Running, s.Status));
        Assert.True(await CanConnectAsync(a));
    }

    [Fact]
    public async Task One_port_used_twice_is_a_fault_of_the_second()
    {
        var port = FreePort.Next();
        _settings.Set(On(smtp: port, imap: port));
        var set = Make([]);
        Assert.Equal("PortUsedTwice", Assert.Single(await set.CheckAsync(_settings.Current.Service, default)).TextKey);
        await set.StartAsync(default);
        Assert.Equal([ListenerStatus.Running, ListenerStatus.Abnormal], set.States.Select(s => s.Status));
    }

    [Fact]
    public async Task Over_the_limit_of_an_address_one_line_is_said_and_the_connection_closed()
    {
        _settings.Set(new SettingsSnapshot { Service = new ServiceSettings { MaximumConnectionsPerAddress = 1 } });
        var set = Make(new() { ["smtp"] = AnyPort, ["imap"] = null }, unlimited: _ => false);
        await set.StartAsync(default);
        var port = set.States[0].Bound[0].Port;
        using (var first = await WireClient.ConnectAsync(port))
        {
            await first.SendAsync("x\r\n");
            Assert.Equal("x", await first.ReadLineAsync());
            using var second = await WireClient.ConnectAsync(port);
            Assert.Equal(ProtocolListener.SmtpBusyLine, await second.ReadLineAsync());
            Assert.Null(await second.ReadLineAsync());
        }

        await Eventually.TrueAsync(() => Task.FromResult(_table!.Count == 0), () => "the first has left");
        using var third = await WireClient.ConnectAsync(port);
        await third.SendAsync("y\r\n");
        Assert.Equal("y", await third.ReadLineAsync());
    }

    [Fact]
    public async Task Stop_asks_sessions_to_end_and_aborts_those_that_do_not()
    {
        var clock = new FakeTimeProvider();
        var set = Make(new() { ["smtp"] = AnyPort, ["imap"] = AnyPort }, clock: clock);
        await set.StartAsync(default);
        using var polite = await WireClient.ConnectAsync(set.States[0].Bound[0].Port);
        using var stubborn = await WireClient.ConnectAsync(set.States[0].Bound[0].Port);
        foreach (var (client, word) in new[] { (polite, "a"), (stubborn, "stay") })
        {
            await client.SendAsync(word + "\r\n");
            Assert.Equal(word, await client.ReadLineAsync());
        }

        var stopping = set.StopAsync(TimeSpan.FromSeconds(10), default);
        Assert.Equal("closing", await polite.ReadLineAsync());
        Assert.False(stopping.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(10));
        await stopping;
        await Assert.ThrowsAsync<SocketException>(async () => Assert.NotNull(await stubborn.ReadLineAsync() ?? throw new SocketException()));
        Assert.Equal(0, _table!.Count);
        Assert.All(set.States, s => Assert.Equal(ListenerStatus.Stopped, s.Status));
    }

    [Fact]
    public async Task An_exception_in_a_protocol_ends_only_its_connection()
    {
        var set = Make(new() { ["smtp"] = AnyPort, ["imap"] = null });
        await set.StartAsync(default);
        var port = set.States[0].Bound[0].Port;
        using var bad = await WireClient.ConnectAsync(port);
        await bad.SendAsync("throw\r\n");
        Assert.Null(await bad.ReadLineAsync());
        Assert.True(await CanConnectAsync(port));
    }

    private static SettingsSnapshot On(int smtp, int? imap = null) => new()
    {
        Service = new ServiceSettings
        {
            ListenAddresses = ["127.0.0.1"],
            Smtp = new ListenerSetting(true, smtp),
            Imap = new ListenerSetting(imap is not null, imap ?? 143),
        },
    };

    private static async Task<bool> CanConnectAsync(int port)
    {
        try
        {
            using var client = await WireClient.ConnectAsync(port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private ListenerSet Make(Dictionary<string, IPEndPoint?> overrides, Predicate<IPAddress>? unlimited = null, TimeProvider? clock = null)
    {
        _table = new ConnectionTable(_settings, TimeProvider.System, unlimited);
        var lifetime = new ConnectionLifetime(_table, null, TimeProvider.System, NullLogger<ConnectionLifetime>.Instance);
        var set = new ListenerSet(
            [
                new ProtocolListener("smtp", s => s.Smtp, _handler) { BusyLine = ProtocolListener.SmtpBusyLine },
                new ProtocolListener("imap", s => s.Imap, _handler) { BusyLine = ProtocolListener.ImapBusyLine },
            ],
            _settings,
            new RunOptions { DataFolder = "/nowhere", Listeners = overrides },
            new ConnectionRuntime(_table, lifetime, clock ?? TimeProvider.System),
            NullLogger<ListenerSet>.Instance);
        _sets.Add(set);
        return set;
    }

    /// <summary>Sends back what comes; after "stay" it ignores requests to close, at "throw" it fails.</summary>
    private sealed class EchoHandler : IConnectionHandler
    {
        public async Task ServeAsync(NetConnection connection, CancellationToken cancellationToken)
        {
            var stubborn = false;
            try
            {
                while (true)
                {
                    var result = await connection.Input.ReadAsync(stubborn ? cancellationToken : connection.Closing);
                    var text = Encoding.ASCII.GetString(result.Buffer);
                    connection.Input.AdvanceTo(result.Buffer.End);
                    if (result.IsCompleted)
                    {
                        return;
                    }

                    stubborn |= text.StartsWith("stay");
                    if (text.StartsWith("throw"))
                    {
                        throw new InvalidOperationException("a bug");
                    }

                    await connection.Output.WriteAsync(Encoding.ASCII.GetBytes(text), cancellationToken);
                }
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                await connection.Output.WriteAsync("closing\r\n"u8.ToArray(), cancellationToken);
            }
        }
    }
}
