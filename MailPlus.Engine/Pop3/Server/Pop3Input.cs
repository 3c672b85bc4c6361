using System.Buffers;
using System.IO.Pipelines;
using MailPlus.Engine.Net.Connections;
using MailPlus.Engine.Net.Lines;

namespace MailPlus.Engine.Pop3.Server;

/// <summary>A line that was read, or why there is none.</summary>
internal readonly record struct InputLine<T>(LineStatus Status, T? Value)
{
    /// <summary>The peer has closed its side.</summary>
    public bool IsEnd => Status == LineStatus.Incomplete;
}

/// <summary>Reads lines from the peer. Answers go out only when nothing more is there to be read (RFC 2449 6.8, PIPELINING), and before waiting.</summary>
internal sealed class Pop3Input(NetConnection connection)
{
    /// <summary>Answers of AUTH are longer than commands.</summary>
    private const int LongestAnswer = 12 * 1024;

    private const byte TlsHandshakeRecord = 0x16;
    private static readonly TimeSpan WriteTime = TimeSpan.FromMinutes(5);

    private LineReader _lines = new(LongestAnswer);

    /// <summary>How long to wait for a line.</summary>
    public TimeSpan Patience { get; set; }

    /// <summary>True when the first octets were a TLS ClientHello in place of a command.</summary>
    public bool IsForeignTls { get; private set; }

    /// <summary>Forgets a line that began before TLS.</summary>
    public void Restart() => _lines = new LineReader(LongestAnswer);

    /// <summary>Reads a line and parses it while its octets are there.</summary>
    public async ValueTask<InputLine<T>> ReadLineAsync<T>(Func<ReadOnlySequence<byte>, T> parse, CancellationToken stop)
    {
        while (true)
        {
            if (!connection.Input.TryRead(out var result))
            {
                await FlushAsync(stop);
                connection.SetDeadline(DeadlineKind.Command, Patience);
                result = await connection.Input.ReadAsync(stop);
            }

            var buffer = result.Buffer;
            if (!connection.IsTls && !buffer.IsEmpty && buffer.FirstSpan is [TlsHandshakeRecord, ..])
            {
                IsForeignTls = true;
                connection.Input.AdvanceTo(buffer.End);
                return new InputLine<T>(LineStatus.Incomplete, default);
            }

            var status = _lines.Take(ref buffer, out var line);
            if (status != LineStatus.Incomplete)
            {
                var value = status == LineStatus.Complete ? parse(line) : default;
                connection.Input.AdvanceTo(buffer.Start);
                return new InputLine<T>(status, value);
            }

            connection.Input.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted)
            {
                return new InputLine<T>(LineStatus.Incomplete, default);
            }
        }
    }

    /// <summary>Sends what was written.</summary>
    public ValueTask<FlushResult> FlushAsync(CancellationToken stop)
    {
        connection.SetDeadline(DeadlineKind.Write, WriteTime);
        return connection.Output.FlushAsync(stop);
    }
}
