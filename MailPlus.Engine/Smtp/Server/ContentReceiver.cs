using System.Buffers;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Net.Connections;
using MailPlus.Engine.Net.Lines;
using MailPlus.Engine.Smtp.Wire;

namespace MailPlus.Engine.Smtp.Server;

/// <summary>How the reading of a message or chunk ended.</summary>
internal enum ContentEnd
{
    Complete,

    /// <summary>Larger than allowed; read to its end and thrown away.</summary>
    TooLarge,

    /// <summary>A bare CR or LF inside; read to its end and thrown away.</summary>
    BareLineEnd,

    /// <summary>So much larger than allowed that reading on makes no sense: answer and close.</summary>
    Hopeless,

    /// <summary>The peer left.</summary>
    PeerLeft,
}

/// <summary>Reads message octets into a spool with the size enforced while reading (design 6). A refused message is still read to its end, so that the dialogue stays in step.</summary>
internal sealed class ContentReceiver(NetConnection connection, LineInput input, long limit)
{
    private const long Tolerated = 10 * 1024 * 1024;

    /// <summary>Octets after which a refused message is not read on.</summary>
    public long HopelessAt { get; } = limit * 2 + Tolerated;

    /// <summary>Reads what follows 354.</summary>
    public async ValueTask<ContentEnd> ReadDataAsync(MessageSpool spool, CancellationToken stop)
    {
        var unstuffer = new DotUnstuffer();
        IBufferWriter<byte> sink = spool;
        var tooLarge = false;
        var pace = input.BeginContent();
        for (var read = 0L; ;)
        {
            var result = await input.ReadContentAsync(pace, read, stop);
            var buffer = result.Buffer;
            var consumed = 0L;
            foreach (var segment in buffer)
            {
                consumed += unstuffer.Read(segment.Span, sink);
                if (unstuffer.IsDone)
                {
                    break;
                }
            }

            connection.Input.AdvanceTo(buffer.GetPosition(consumed));
            read += consumed;
            tooLarge |= spool.Length > limit;
            if (unstuffer.IsDone)
            {
                return unstuffer.HasBareLineEnd ? ContentEnd.BareLineEnd : tooLarge ? ContentEnd.TooLarge : ContentEnd.Complete;
            }

            if (result.IsCompleted)
            {
                return ContentEnd.PeerLeft;
            }

            if (read > HopelessAt)
            {
                return ContentEnd.Hopeless;
            }

            if (tooLarge || unstuffer.HasBareLineEnd)
            {
                if (ReferenceEquals(sink, spool))
                {
                    await spool.ClearAsync();
                    sink = new DiscardingWriter();
                }
            }
            else
            {
                await spool.DrainAsync(stop);
            }
        }
    }

    /// <summary>Reads one chunk of BDAT; a null spool throws it away, without a check any octet may stand alone.</summary>
    public async ValueTask<ContentEnd> ReadChunkAsync(MessageSpool? spool, LineEndCheck? lines, long size, CancellationToken stop)
    {
        var tooLarge = false;
        var pace = input.BeginContent();
        for (var left = size; left > 0;)
        {
            var result = await input.ReadContentAsync(pace, size - left, stop);
            var part = result.Buffer.Slice(0, Math.Min(left, result.Buffer.Length));
            if (spool is not null && !tooLarge && lines is not { HasBareLineEnd: true })
            {
                foreach (var segment in part)
                {
                    lines?.Read(segment.Span);
                    spool.Write(segment.Span);
                }
            }

            left -= part.Length;
            connection.Input.AdvanceTo(part.End);
            if (left > 0 && result.IsCompleted)
            {
                return ContentEnd.PeerLeft;
            }

            if (spool is not null)
            {
                tooLarge |= spool.Length > limit;
                await (tooLarge ? spool.ClearAsync() : spool.DrainAsync(stop));
            }
        }

        return tooLarge ? ContentEnd.TooLarge : lines is { HasBareLineEnd: true } ? ContentEnd.BareLineEnd : ContentEnd.Complete;
    }

    /// <summary>Takes octets nobody wants.</summary>
    private sealed class DiscardingWriter : IBufferWriter<byte>
    {
        private readonly byte[] _scratch = new byte[16 * 1024];

        public void Advance(int count)
        {
        }

        public Memory<byte> GetMemory(int sizeHint = 0) => sizeHint <= _scratch.Length ? _scratch : new byte[sizeHint];

        public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
    }
}
