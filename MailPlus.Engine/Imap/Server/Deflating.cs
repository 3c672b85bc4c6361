using System.IO.Compression;
using System.IO.Pipelines;

namespace MailPlus.Engine.Imap.Server;

/// <summary>COMPRESS=DEFLATE (RFC 4978) as pipes over a connection's pipes. Every flush ends with a sync marker, so that the peer can read all that was said.</summary>
internal static class Deflating
{
    private const int BufferOctets = 4096;

    public static PipeReader Reader(PipeReader input) =>
        PipeReader.Create(new Inflated(new DeflateStream(input.AsStream(leaveOpen: true), CompressionMode.Decompress)), new StreamPipeReaderOptions(bufferSize: BufferOctets));

    public static PipeWriter Writer(PipeWriter output) =>
        PipeWriter.Create(new DeflateStream(output.AsStream(leaveOpen: true), CompressionLevel.Fastest), new StreamPipeWriterOptions(minimumBufferSize: BufferOctets));

    /// <summary>Octets that are no DEFLATE are the peer's mistake, like a connection that breaks.</summary>
    private sealed class Inflated(DeflateStream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                return await inner.ReadAsync(buffer, cancellationToken);
            }
            catch (InvalidDataException broken)
            {
                throw new IOException("the peer's octets are not DEFLATE", broken);
            }
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
