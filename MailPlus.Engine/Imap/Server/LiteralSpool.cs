using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Imap.Server;

/// <summary>Takes in the octets of a message: small ones in memory, bigger ones in a file on the data folder's disk, so that the store can link it into place.
/// What a crash leaves there goes when <see cref="SpoolFolder"/> is opened. A disk that fails is told at the end: what the client sends is read all the same.</summary>
/// <param name="dataFolder">Where the spool folder is.</param>
/// <param name="expected">Octets that will come, when that is known: saves growing.</param>
internal sealed class LiteralSpool(string dataFolder, long expected = 0) : IAsyncDisposable
{
    /// <summary>Octets a message may hold in memory.</summary>
    public const int MostInMemory = 256 * 1024;

    private byte[] _memory = [];
    private FileStream? _file;
    private string _fileName = "";
    private int _inMemory;
    private bool _finished;
    private Exception? _failure;

    /// <summary>Octets this one may hold in memory; what is larger goes to a file.</summary>
    public int MemoryOctets { get; init; } = MostInMemory;

    /// <summary>Octets held in memory.</summary>
    public int InMemory => _file is null ? _inMemory : 0;

    /// <summary>Octets so far.</summary>
    public long Length { get; private set; }

    /// <summary>Whether a NUL was among them.</summary>
    public bool HasNul { get; private set; }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        Length += octets.Length;
        HasNul = HasNul || octets.Span.Contains((byte)0);
        if (_file is null && Length <= MemoryOctets)
        {
            if (_memory.Length < Length)
            {
                var known = _memory.Length == 0 ? expected : _memory.Length * 4L;
                Array.Resize(ref _memory, (int)Math.Min(MemoryOctets, Math.Max(Math.Max(Length, 256), known)));
            }

            octets.CopyTo(_memory.AsMemory(_inMemory));
            _inMemory += octets.Length;
            return;
        }

        try
        {
            if (_failure is null)
            {
                if (_file is null)
                {
                    await OpenFileAsync(cancellationToken);
                }

                await _file!.WriteAsync(octets, cancellationToken);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _failure = failure;
        }
    }

    /// <summary>The message; it outlives the spool and is removed with its own disposal.</summary>
    /// <exception cref="RefusedException">Unavailable: the disk is full or broken.</exception>
    public async ValueTask<MessageContent> FinishAsync(CancellationToken cancellationToken)
    {
        if (_file is null && _failure is null)
        {
            return MessageContent.FromMemory(_memory.AsMemory(0, _inMemory));
        }

        try
        {
            if (_failure is null)
            {
                await _file!.FlushAsync(cancellationToken);
                await _file.DisposeAsync();
            }
        }
        catch (IOException failure)
        {
            _failure = failure;
        }

        if (_failure is { } failed)
        {
            throw DiskFailures.Refused("spool", failed);
        }

        _finished = true;
        return new SpooledContent(_fileName);
    }

    public async ValueTask DisposeAsync()
    {
        if (_file is not null && !_finished)
        {
            try
            {
                await _file.DisposeAsync(); // writes what it still holds
            }
            catch (IOException) when (_failure is not null)
            {
                // It has been told.
            }

            File.Delete(_fileName);
        }
    }

    private async ValueTask OpenFileAsync(CancellationToken cancellationToken)
    {
        var folder = Path.Combine(dataFolder, "spool");
        Directory.CreateDirectory(folder);
        _fileName = Path.Combine(folder, $"{Guid.NewGuid():N}.spool");
        _file = new FileStream(_fileName, FileMode.CreateNew, FileAccess.Write, FileShare.Read | FileShare.Delete, 65536, FileOptions.Asynchronous);
        await _file.WriteAsync(_memory.AsMemory(0, _inMemory), cancellationToken);
        _memory = [];
    }

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
