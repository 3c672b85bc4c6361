using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using MailPlus.Engine.Resolver;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Tests.Support;

namespace MailPlus.Tests.Fuzz.Inputs;

/// <summary>Answers of a DNS server: whatever comes, a question ends in an answer or in "cannot be asked now", never in an exception.</summary>
internal sealed class DnsReader : FuzzReader
{
    private const int AtOnce = 32; // what cannot be read is waited out
    private const int HeaderLength = 12;
    private const int OwnHeader = 10; // without the id, which is the question's

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly ConcurrentDictionary<string, byte[]> _answers = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly DnsResolver _resolver;
    private readonly Task _serving;
    private int _questions;

    private DnsReader()
    {
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var settings = new SettableSettings(new SettingsSnapshot { Resolver = new ResolverSettings { Servers = [_socket.LocalEndPoint!.ToString()!], TimeoutSeconds = 1 } });
        _resolver = new DnsResolver(settings, TimeProvider.System);
        _serving = ServeAsync();
    }

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        Answer(15, [0, 10, 2, (byte)'m', (byte)'x', 0xc0, 0x0c]), Answer(1, [192, 0, 2, 1]), Answer(28, new byte[16]), Answer(16, [5, .. "v=spf"u8, 6, .. "1 -all"u8]),
        Answer(52, [3, 1, 1, .. new byte[32]]), Answer(5, [1, (byte)'a', 0xc0, 0x0c]), Answer(12, [4, .. "host"u8, 4, .. "test"u8, 0]), Answer(6, [0, 0, .. new byte[20]], isNegative: true), Answer(46, [0, 1, 13, 2, .. new byte[14], 0, .. new byte[64]]),
    ];

    public static Task<FuzzReader> MakeAsync() => Task.FromResult<FuzzReader>(new DnsReader());

    public override async ValueTask ReadAsync(byte[] input, Random random)
    {
        var mutator = new Mutator(random.Next());
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(i => AskAsync(i == 0 ? input : mutator.Mutate(Seeds[random.Next(Seeds.Count)]), random.Next(5))).ToList());
    }

    public override async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        _socket.Dispose();
        _stop.Dispose();
    }

    private async Task AskAsync(byte[] answer, int kind)
    {
        var label = $"q{Interlocked.Increment(ref _questions)}"; // no answer is kept for another question
        var name = $"{label}.test";
        Func<Task>[] kinds =
        [
            () => _resolver.QueryMxAsync(name, default).AsTask(), () => _resolver.QueryTxtAsync(name, default).AsTask(), () => _resolver.QueryTlsaAsync(name, default).AsTask(),
            () => _resolver.QueryAliasAsync(name, default).AsTask(), () => _resolver.QueryAddressesAsync(name, default).AsTask(),
        ];
        _answers[label] = answer;
        try
        {
            await kinds[kind]();
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"kind {kind}, answer {Convert.ToHexString(answer)}", failure);
        }
        finally
        {
            _answers.TryRemove(label, out _);
        }
    }

    /// <summary>The answer's header is put behind the id of the question, and the question behind it.</summary>
    private async Task ServeAsync()
    {
        var buffer = new byte[4096];
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var received = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), _stop.Token);
                var query = buffer.AsMemory(0, received.ReceivedBytes).ToArray();
                var length = query[HeaderLength];
                var label = Encoding.ASCII.GetString(query, HeaderLength + 1, length);
                if (_answers.TryGetValue(label, out var answer))
                {
                    var question = query.AsSpan(HeaderLength, length + 1 + 6 + 4); // label, "test", root, type and class
                    byte[] whole = answer.Length < OwnHeader ? [.. query.AsSpan(0, 2), .. answer] : [.. query.AsSpan(0, 2), .. answer.AsSpan(0, OwnHeader), .. question, .. answer.AsSpan(OwnHeader)];
                    await _socket.SendToAsync(whole.AsMemory(0, Math.Min(whole.Length, 60_000)), SocketFlags.None, received.RemoteEndPoint, _stop.Token);
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (SocketException)
            {
                // a client that has gone
            }
        }
    }

    private static byte[] Answer(ushort type, byte[] data, bool isNegative = false)
    {
        var record = new byte[12];
        record[0] = 0xc0;
        record[1] = HeaderLength;
        BinaryPrimitives.WriteUInt16BigEndian(record.AsSpan(2), type);
        record[5] = 1;
        record[9] = 60;
        BinaryPrimitives.WriteUInt16BigEndian(record.AsSpan(10), (ushort)data.Length);
        byte[] header = [0x81, (byte)(isNegative ? 0x83 : 0x80), 0, 1, 0, (byte)(isNegative ? 0 : 1), 0, (byte)(isNegative ? 1 : 0), 0, 0];
        return [.. header, .. record, .. data];
    }
}
