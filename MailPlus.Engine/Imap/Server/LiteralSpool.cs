using MailPlus.Engine.Mime;

namespace MailPlus.Engine.Imap.Server;

/// <summary>Takes in a message literal: small ones in memory, bigger ones in a file on the data folder's disk, so that the store can link it into place.
/// What a crash leaves there goes when <see cref="SpoolFolder"/> is opened.</summary>
internal sealed class LiteralSpool : IAsyncDisposable
{
    private const int MemoryOctets = 256 * 1024;

    private readonly byte[]? _memory;
    private readonly FileStream? _file;
    private readonly string _fileName = "";
    private int _length;
    private bool _finished;

    public LiteralSpool(string dataFolder, long octets)
    {
        if (octets <= MemoryOctets)
        {
            _memory = new byte[octets];
            return;
        }

        var folder = FolderOf(dataFolder);
        Directory.CreateDirectory(folder);
        _fileName = Path.Combine(folder, $"{Guid.NewGuid():N}.spool");
        _file = new FileStream(_fileName, FileMode.CreateNew, FileAccess.Write, FileShare.Read | FileShare.Delete, 65536, FileOptions.Asynchronous);
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        if (_memory is not null)
        {
            octets.CopyTo(_memory.AsMemory(_length));
            _length += octets.Length;
        }
        else
        {
            await _file!.WriteAsync(octets, cancellationToken);
        }
    }

    /// <summary>The message; it outlives the spool and is removed with its own disposal.</summary>
    public async ValueTask<MessageContent> FinishAsync(CancellationToken cancellationToken)
    {
        if (_memory is not null)
        {
            return MessageContent.FromMemory(_memory.AsMemory(0, _length));
        }

        await _file!.FlushAsync(cancellationToken);
        await _file.DisposeAsync();
        _finished = true;
        return new SpooledContent(_fileName);
    }

    public async ValueTask DisposeAsync()
    {
        if (_file is not null && !_finished)
        {
            await _file.DisposeAsync();
            File.Delete(_fileName);
        }
    }

    private static string FolderOf(string dataFolder) => Path.Combine(dataFolder, "spool");

    private sealed class SpooledContent(string fileName) : MessageContent
    {
        public override long Length { get; } = new FileInfo(fileName).Length;

        public override string? FileName => fileName;

        public override Stream OpenRead() => new FileStream(fileName, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 65536, FileOptions.Asynchronous);

        public override ValueTask DisposeAsync()
        {
            File.Delete(fileName);
            return base.DisposeAsync();
        }
    }
}
