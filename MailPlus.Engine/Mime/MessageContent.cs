namespace MailPlus.Engine.Mime;

/// <summary>
/// The octets of one message, immutable once made: small ones in memory, big ones in a file that may be linked into its final place instead of copied.
/// Whoever creates it disposes it; disposal deletes a spool file that nobody has linked or renamed away.
/// </summary>
public abstract class MessageContent : IAsyncDisposable
{
    /// <summary>Size in octets, as stored (RFC822.SIZE without the generated prefix).</summary>
    public abstract long Length { get; }

    /// <summary>The octets when they are in memory, else null.</summary>
    public virtual ReadOnlyMemory<byte>? InMemory => null;

    /// <summary>The file that holds exactly these octets, when there is one. It may be hard-linked, never written.</summary>
    public virtual string? FileName => null;

    /// <summary>A new seekable stream over the octets; independent of other streams; the caller disposes it.</summary>
    public abstract Stream OpenRead();

    /// <inheritdoc/>
    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>Content over octets the caller will not change.</summary>
    public static MessageContent FromMemory(ReadOnlyMemory<byte> octets) => new MemoryContent(octets);

    /// <summary>Content over a file that belongs to somebody else; disposal leaves it.</summary>
    public static MessageContent FromFile(string fileName) => new FileContent(fileName);

    private sealed class MemoryContent(ReadOnlyMemory<byte> octets) : MessageContent
    {
        public override long Length => octets.Length;

        public override ReadOnlyMemory<byte>? InMemory => octets;

        public override Stream OpenRead() =>
            System.Runtime.InteropServices.MemoryMarshal.TryGetArray(octets, out var segment)
                ? new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false)
                : new MemoryStream(octets.ToArray(), writable: false);
    }

    private sealed class FileContent(string fileName) : MessageContent
    {
        public override long Length { get; } = new FileInfo(fileName).Length;

        public override string? FileName => fileName;

        public override Stream OpenRead() => new FileStream(fileName, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 65536, FileOptions.Asynchronous);
    }
}
