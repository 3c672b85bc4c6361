using System.Collections.Concurrent;
using System.Net;
using MailPlus.Engine.Delivery;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Net.Connections;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Engine.Smtp.Server;
using MailPlus.Engine.Tls;
using MailPlus.Tests.Smtp;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Delivery.Policy;

/// <summary>SMTP sessions over the real acceptance, policies and queue of a <see cref="DeliveryRig"/>, from any address a test wants. alice signs in as account 1, ann@here.test.</summary>
internal sealed class PolicyBench : IAsyncDisposable
{
    private static readonly TlsCertificate Certificate = SelfSigned.Make("mail.here.test", TimeProvider.System.GetUtcNow());
    private static readonly SettingsSnapshot Fresh = new SettingsSnapshot() with { Smtp = new() { Hostname = "mail.here.test" } };
    private readonly List<PolicyClient> _clients = [];

    private PolicyBench(DeliveryRig rig)
    {
        Rig = rig;
        Clock = new WaitingClock(rig.Clock);
    }

    public DeliveryRig Rig { get; }

    /// <summary>The clock of the sessions: it tells what they wait for.</summary>
    public WaitingClock Clock { get; }

    public static async Task<PolicyBench> OpenAsync(Func<SettingsSnapshot, SettingsSnapshot>? change = null, bool start = true)
    {
        var bench = new PolicyBench(await DeliveryRig.OpenAsync(start));
        bench.Set(change ?? (settings => settings));
        return bench;
    }

    public void Set(Func<SettingsSnapshot, SettingsSnapshot> change)
    {
        var wanted = change(Rig.Settings.Current);
        var faults = new SettingsCatalog().Validate(wanted);
        Rig.Settings.Set(faults.Count == 0 ? wanted : throw new InvalidOperationException(string.Join(", ", faults.Select(fault => $"{fault.Field}: {fault.TextKey}"))));
    }

    public async Task<PolicyClient> ConnectAsync(string address, SmtpRole role = SmtpRole.Mx)
    {
        var door = new SmtpDoor
        {
            Settings = Rig.Settings, Run = new RunOptions { DataFolder = Rig.DataFolder }, Acceptance = Rig.Acceptance, Authenticator = new FakeAuthenticator(),
            Policies = Rig.SmtpPolicies, Addresses = Rig.Addresses, Queue = Rig.Operations, Events = Rig.Events, Spool = new SpoolFolder(Rig.DataFolder), Clock = Clock,
        };
        var client = await PolicyClient.OpenAsync(new MemoryConnection(_ => Certificate.Options, Rig.Clock, IPAddress.Parse(address)), new SmtpHandler(role, door));
        _clients.Add(client);
        return client;
    }

    /// <summary>Connects and says EHLO.</summary>
    public async Task<PolicyClient> GreetedAsync(string address, string helo = "client.example.net")
    {
        var client = await ConnectAsync(address);
        await client.SayAsync($"EHLO {helo}");
        return client;
    }

    /// <summary>Sends one message; the reply to each RCPT, and to the end of the message when one was taken.</summary>
    public async Task<IReadOnlyList<string>> SendAsync(string client, string sender, params string[] recipients)
    {
        var session = await GreetedAsync(client);
        return await session.SendAsync(sender, "From: <x@example.net>\r\nSubject: s\r\n\r\nbody\r\n", recipients);
    }

    /// <summary>As just opened, for the next test: nobody connected, nothing set, no answers in DNS, and it is another day, so that nothing counts any more.</summary>
    public async Task ResetAsync()
    {
        await LeaveAsync();
        Rig.Settings.Set(Fresh);
        Rig.Clock.Advance(TimeSpan.FromDays(1) - TimeSpan.FromTicks(Rig.Clock.GetUtcNow().Ticks % TimeSpan.TicksPerMinute)); // a minute begins
        Rig.Resolver.Mx.Clear();
        Rig.Resolver.Addresses.Clear();
        Rig.Resolver.Pointers.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await LeaveAsync();
        await Rig.DisposeAsync();
    }

    private async Task LeaveAsync()
    {
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }

        _clients.Clear();
    }
}

/// <summary>One bench for all tests that look at the dialogue alone: its queue takes messages and delivers none.</summary>
public sealed class SharedPolicyBench : IAsyncLifetime
{
    private PolicyBench? _bench;

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _bench is null ? Task.CompletedTask : _bench.DisposeAsync().AsTask();

    /// <summary>The bench with nothing left of the test before, and with these settings.</summary>
    internal async Task<PolicyBench> UseAsync(Func<SettingsSnapshot, SettingsSnapshot>? change = null)
    {
        _bench ??= await PolicyBench.OpenAsync(start: false);
        await _bench.ResetAsync();
        _bench.Set(change ?? (settings => settings));
        return _bench;
    }
}

/// <summary>Tests over the <see cref="SharedPolicyBench"/>, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class PolicyTests : ICollectionFixture<SharedPolicyBench>
{
    public const string Name = "policy bench";
}

/// <summary>A clock that tells for how long somebody waits.</summary>
internal sealed class WaitingClock(TimeProvider clock) : TimeProvider
{
    /// <summary>Timers that were set.</summary>
    public ConcurrentQueue<TimeSpan> Waits { get; } = new();

    public override TimeZoneInfo LocalTimeZone => clock.LocalTimeZone;

    public override long TimestampFrequency => clock.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => clock.GetUtcNow();

    public override long GetTimestamp() => clock.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = clock.CreateTimer(callback, state, dueTime, period);
        Waits.Enqueue(dueTime); // after the timer is set: who has seen it here may let time pass
        return timer;
    }
}

/// <summary>One SMTP session.</summary>
internal sealed class PolicyClient : IAsyncDisposable
{
    private readonly MemoryConnection _ends;
    private readonly Task _served;

    private PolicyClient(MemoryConnection ends, Task served) => (_ends, _served) = (ends, served);

    /// <summary>What it was greeted with.</summary>
    public string Greeting { get; private set; } = "";

    public static async Task<PolicyClient> OpenAsync(MemoryConnection ends, SmtpHandler handler)
    {
        var client = new PolicyClient(ends, ServeAsync(ends, handler));
        client.Greeting = await client.ReadAsync();
        return client;
    }

    /// <summary>Says a line; the last line of the reply.</summary>
    public async Task<string> SayAsync(string line)
    {
        await _ends.SendAsync(line + "\r\n");
        return await ReadAsync();
    }

    public Task WriteAsync(string text) => _ends.SendAsync(text);

    /// <summary>The last line of the next reply; "" when the server has closed.</summary>
    public async Task<string> ReadAsync()
    {
        while (await _ends.ReadLineAsync() is { } line)
        {
            if (line.Length < 4 || line[3] != '-')
            {
                return line;
            }
        }

        return "";
    }

    /// <summary>STARTTLS, then AUTH as alice.</summary>
    public async Task SignInAsync()
    {
        await SayAsync("EHLO client.example.net");
        await SayAsync("STARTTLS");
        await _ends.StartTlsAsync();
        await SayAsync("EHLO client.example.net");
        await SayAsync("AUTH PLAIN AGFsaWNlAHNlY3JldA==");
    }

    public async Task<IReadOnlyList<string>> SendAsync(string sender, string text, params string[] recipients)
    {
        var replies = new List<string>();
        var mail = await SayAsync($"MAIL FROM:<{sender}>");
        if (!mail.StartsWith("250", StringComparison.Ordinal))
        {
            return [mail];
        }

        foreach (var recipient in recipients)
        {
            replies.Add(await SayAsync($"RCPT TO:<{recipient}>"));
        }

        if (replies.Exists(reply => reply.StartsWith("250", StringComparison.Ordinal)))
        {
            await SayAsync("DATA");
            replies.Add(await SayAsync(text + "."));
        }
        else
        {
            await SayAsync("RSET");
        }

        return replies;
    }

    /// <summary>Leaves; returns when the server knows.</summary>
    public async Task QuitAsync()
    {
        await SayAsync("QUIT");
        await DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _ends.DisposeAsync();
        await _served;
    }

    private static async Task ServeAsync(MemoryConnection ends, SmtpHandler handler)
    {
        try
        {
            await handler.ServeAsync(ends.Server, CancellationToken.None);
        }
        catch (Exception ended) when (ended is IOException or InvalidOperationException or OperationCanceledException)
        {
            // the test left
        }

        await ends.Server.Output.FlushAsync();
        await ends.Server.Output.CompleteAsync();
    }
}
