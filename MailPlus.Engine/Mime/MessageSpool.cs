using System.Buffers;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Mime;

/// <summary>The folder where big messages wait while they come in; what a crash left there is removed when it is opened.</summary>
public sealed class SpoolFolder
{
    private readonly string _folder;
    private long _last;

    /// <summary>Opens <c>spool/</c> of the data folder, readable by the owner only, and empties it.</summary>
    public SpoolFolder(string dataFolder)
    {
        _folder = Path.Combine(dataFolder, "spool");
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(_folder);
        }
        else
        {
            Directory.CreateDirectory(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        foreach (var left in Directory.EnumerateFiles(_folder, "*.spool"))
        {
            File.Delete(left);
        }
    }

    /// <summary>A new empty spool; the caller disposes it, or the content it becomes.</summary>
    public MessageSpool Open() => new(this);

    internal string NewFileName() => Path.Combine(_folder, $"{Environment.ProcessId}-{Interlocked.Increment(ref _last)}.spool");
}

/// <summary>
/// Takes a message of unknown size piece by piece: in pooled memory up to <see cref="MemoryLimit"/>, then in a file. Write through the <see cref="IBufferWriter{T}"/>, then
/// call <see cref="DrainAsync"/> so that memory stays bounded. A disk that fails is told at the end, so that a peer that is still sending gets an answer.
/// </summary>
public sealed class MessageSpool : IBufferWriter<byte>, IAsyncDisposable
{
    /// <summary>Octets kept in memory.</summary>
    public const int MemoryLimit = 256 * 1024;

    private const int FirstBuffer = 8 * 1024;

    private readonly SpoolFolder _folder;
    private byte[] _buffer = [];
    private int _filled;
    private long _inFile;
    private FileStream? _file;
    private string? _fileName;
    private Exception? _failure;

    internal MessageSpool(SpoolFolder folder) => _folder = folder;

    /// <summary>Octets so far.</summary>
    public long Length => _inFile + _filled;

    /// <inheritdoc/>
    public void Advance(int count) => _filled += count;

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _buffer.AsMemory(_filled);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _buffer.AsSpan(_filled);
    }

    /// <summary>Moves what exceeds the memory limit into the file; usually nothing to do.</summary>
    public ValueTask DrainAsync(CancellationToken cancellationToken) => _filled <= MemoryLimit ? ValueTask.CompletedTask : WriteOutAsync(cancellationToken);

    /// <summary>Forgets everything so far, memory and file.</summary>
    public async ValueTask ClearAsync()
    {
        _filled = 0;
        _inFile = 0;
        _failure = null;
        await CloseFileAsync();
        DeleteFile();
    }

    /// <summary>The message. A file is flushed to the disk first. The spool is empty afterwards and what it held belongs to the content.</summary>
    /// <exception cref="RefusedException">Unavailable: the disk is full or broken.</exception>
    public async ValueTask<MessageContent> FinishAsync(CancellationToken cancellationToken)
    {
        if (_file is null && _failure is null && _filled <= MemoryLimit)
        {
            var content = new PooledContent(_buffer, _filled);
            _buffer = [];
            _filled = 0;
            return content;
        }

        await WriteOutAsync(cancellationToken);
        if (_file is { } file)
        {
            try
            {
                // fsync has no asynchronous form; big messages are rare enough for a pool thread.
                await Task.Run(() => file.Flush(flushToDisk: true), cancellationToken);
            }
            catch (IOException failure)
            {
                _failure = failure;
            }
        }

        if (_failure is { } failed)
        {
            await ClearAsync();
            throw DiskFailures.Refused("spool", failed);
        }

        var length = _inFile;
        await CloseFileAsync();
        ReturnBuffer();
        var name = _fileName!;
        _fileName = null;
        _inFile = 0;
        return new SpooledContent(name, length);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await ClearAsync();
        ReturnBuffer();
    }

    private void MakeRoom(int sizeHint)
    {
        var needed = _filled + Math.Max(sizeHint, 1);
        if (needed <= _buffer.Length)
        {
            return;
        }

        var bigger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, Math.Max(FirstBuffer, _buffer.Length * 2)));
        _buffer.AsSpan(0, _filled).CopyTo(bigger);
        ReturnBuffer();
        _buffer = bigger;
    }

    private async ValueTask WriteOutAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (_failure is null)
            {
                await WriteFileAsync(cancellationToken);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _failure = failure;
            await CloseFileAsync();
            DeleteFile();
        }

        _inFile += _filled;
        _filled = 0;
    }

    private async ValueTask WriteFileAsync(CancellationToken cancellationToken)
    {
        if (_file is null)
        {
            _fileName = _folder.NewFileName();
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.Read | FileShare.Delete, BufferSize = 0, Options = FileOptions.Asynchronous };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            _file = new FileStream(_fileName, options);
        }

        await _file.WriteAsync(_buffer.AsMemory(0, _filled), cancellationToken);
    }

    private async ValueTask CloseFileAsync()
    {
        if (_file is not null)
        {
            await _file.DisposeAsync();
            _file = null;
        }
    }

    private void DeleteFile()
    {
        if (_fileName is not null)
        {
            File.Delete(_fileName);
            _fileName = null;
        }
    }

    private void ReturnBuffer()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }
    }

    /// <summary>A small message in a pooled array, given back at disposal: nobody may keep the memory longer.</summary>
    private sealed class PooledContent(byte[] buffer, int length) : MessageContent
    {
        private byte[]? _buffer = buffer;

        public override long Length => length;

        public override ReadOnlyMemory<byte>? InMemory => Octets.AsMemory(0, length);

        private byte[] Octets => _buffer ?? throw new ObjectDisposedException(nameof(MessageContent));

        public override Stream OpenRead() => new MemoryStream(Octets, 0, length, writable: false);

        public override ValueTask DisposeAsync()
        {
            var given = Interlocked.Exchange(ref _buffer, null);
            if (given is { Length: > 0 })
            {
                ArrayPool<byte>.Shared.Return(given);
            }

            return base.DisposeAsync();
        }
    }

    /// <summary>A big message in its spool file, deleted at disposal; whoever linked it elsewhere keeps it there.</summary>
    private sealed class SpooledContent(string fileName, long length) : MessageContent
    {
        public override long Length => length;

        public override string? FileName => fileName;

        public override Stream OpenRead() => new FileStream(fileName, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 65536, FileOptions.Asynchronous);

        public override ValueTask DisposeAsync()
        {
            File.Delete(fileName);
            return base.DisposeAsync();
        }
    }
}
