using System.Buffers;
using System.IO.Pipelines;
using MailPlus.Engine.Net.Connections;
using MailPlus.Engine.Net.Lines;

namespace MailPlus.Engine.Smtp.Server;

/// <summary>A line that was read, or why there is none.</summary>
internal readonly record struct InputLine<T>(LineStatus Status, T? Value)
{
    /// <summary>The peer has closed its side.</summary>
    public bool IsEnd => Status == LineStatus.Incomplete;
}

/// <summary>Reads from the peer. Replies go out only when nothing more is there to be read (RFC 2920 3.2), and before waiting.</summary>
internal sealed class SmtpInput(NetConnection connection, TimeSpan idle)
{
    /// <summary>RFC 5321 4.5.3.1.4 asks for 512; parameters and addresses beyond ASCII take more.</summary>
    public const int CommandLimit = 2048;

    /// <summary>RFC 4954 4: 12288 octets for answers of AUTH, which may begin on its line.</summary>
    public const int AuthLimit = 12288;

    private const byte TlsHandshakeRecord = 0x16;
    private static readonly TimeSpan WriteTime = TimeSpan.FromMinutes(5); // RFC 5321 4.5.3.2

    private LineReader _lines = new(AuthLimit);

    /// <summary>True when the first octets were a TLS ClientHello in place of a command.</summary>
    public bool IsForeignTls { get; private set; }

    /// <summary>Forgets a line that began before TLS.</summary>
    public void Restart() => _lines = new LineReader(AuthLimit);

    /// <summary>Reads a line and parses it while its octets are there.</summary>
    /// <param name="parse">Line without CRLF to value; must not keep the sequence.</param>
    /// <param name="stop">Ends the wait: the server closes, or the connection is aborted.</param>
    public async ValueTask<InputLine<T>> ReadLineAsync<T>(Func<ReadOnlySequence<byte>, T> parse, CancellationToken stop)
    {
        while (true)
        {
            var result = await ReadAsync(DeadlineKind.Command, stop);
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

    /// <summary>What has come; waits, after sending the replies, when there is nothing.</summary>
    public ValueTask<ReadResult> ReadAsync(DeadlineKind kind, CancellationToken stop) =>
        connection.Input.TryRead(out var result) ? new ValueTask<ReadResult>(result) : WaitAsync(kind, stop);

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

    private async ValueTask<ReadResult> WaitAsync(DeadlineKind kind, CancellationToken stop)
    {
        await FlushAsync(stop);
        connection.SetDeadline(kind, idle);
        return await connection.Input.ReadAsync(stop);
    }
}
