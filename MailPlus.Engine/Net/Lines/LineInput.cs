using System.Buffers;
using System.IO.Pipelines;
using MailPlus.Engine.Net.Connections;

namespace MailPlus.Engine.Net.Lines;

/// <summary>A line that was read, or why there is none.</summary>
internal readonly record struct InputLine<T>(LineStatus Status, T? Value)
{
    /// <summary>The peer has closed its side.</summary>
    public bool IsEnd => Status == LineStatus.Incomplete;
}

/// <summary>
/// Reads lines and content from the peer. Answers go out only when nothing more is there to be read (RFC 2920 3.2, RFC 2449 6.8), and before waiting.
/// A line has one deadline from its first octet to its last: sending it slowly gains no time.
/// </summary>
/// <param name="connection">The connection.</param>
/// <param name="longest">Longest line in octets.</param>
internal sealed class LineInput(NetConnection connection, int longest)
{
    private const byte TlsHandshakeRecord = 0x16;
    private static readonly TimeSpan WriteTime = TimeSpan.FromMinutes(5); // RFC 5321 4.5.3.2

    private LineReader _lines = new(longest);

    /// <summary>How long to wait for a line, or for more of a message.</summary>
    public TimeSpan Patience { get; set; }

    /// <summary>True when the first octets were a TLS ClientHello in place of a command.</summary>
    public bool IsForeignTls { get; private set; }

    /// <summary>Forgets a line that began before TLS.</summary>
    public void Restart() => _lines = new LineReader(longest);

    /// <summary>Reads a line and parses it while its octets are there.</summary>
    /// <param name="parse">Line without CRLF to value; must not keep the sequence.</param>
    /// <param name="stop">Ends the wait: the server closes, or the connection is aborted.</param>
    public async ValueTask<InputLine<T>> ReadLineAsync<T>(Func<ReadOnlySequence<byte>, T> parse, CancellationToken stop)
    {
        for (var hasDeadline = false; ;)
        {
            if (!connection.Input.TryRead(out var result))
            {
                if (!hasDeadline)
                {
                    await FlushAsync(stop);
                    connection.SetDeadline(DeadlineKind.Command, Patience);
                    hasDeadline = true;
                }

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

    /// <summary>The pace at which a message that begins now has to come.</summary>
    public ArrivalPace BeginContent() => new(connection.Clock, Patience);

    /// <summary>What has come of a message; waits, after sending the answers, when there is nothing.</summary>
    public ValueTask<ReadResult> ReadContentAsync(ArrivalPace pace, long soFar, CancellationToken stop) =>
        connection.Input.TryRead(out var result) ? new ValueTask<ReadResult>(result) : WaitAsync(pace.After(soFar), stop);

    /// <summary>Sends what was written.</summary>
    public ValueTask<FlushResult> FlushAsync(CancellationToken stop)
    {
        connection.SetDeadline(DeadlineKind.Write, WriteTime);
        return connection.Output.FlushAsync(stop);
    }

    /// <summary>Whether the peer has gone, as far as can be told without waiting: its side is closed and nothing it sent is left.</summary>
    public bool IsPeerGone()
    {
        if (!connection.Input.TryRead(out var result))
        {
            return false;
        }

        var gone = result.IsCompleted && result.Buffer.IsEmpty;
        connection.Input.AdvanceTo(result.Buffer.Start);
        return gone;
    }

    /// <summary>Whether the peer has already sent something that was not read.</summary>
    public bool HasMore()
    {
        if (!connection.Input.TryRead(out var result))
        {
            return false;
        }

        var more = !result.Buffer.IsEmpty;
        connection.Input.AdvanceTo(result.Buffer.Start);
        return more;
    }

    private async ValueTask<ReadResult> WaitAsync(TimeSpan patience, CancellationToken stop)
    {
        await FlushAsync(stop);
        connection.SetDeadline(DeadlineKind.Data, patience);
        return await connection.Input.ReadAsync(stop);
    }
}
