using System.Security.Cryptography;
using System.Text.Json;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MimeKit;

namespace MailPlus.Web.Mail.Compose;

/// <summary>
/// The folder of each message being written, <c>uploads/&lt;account&gt;/&lt;id&gt;</c>: uploaded files and <c>compose.json</c>. It outlives a restart,
/// so a window left open goes on; what nobody touched for a week is removed.
/// </summary>
public sealed class ComposeSpool(RunOptions run, ISettingsSource settings, TimeProvider clock)
{
    private const string StateFile = "compose.json";
    private const int MostUploads = 200;
    private const int MostFolders = 500;

    // Base64 in lines of 76 letters turns 57 octets into 78; the rest is room for text and headers.
    private const long Overhead = 256 * 1024;
    private static readonly TimeSpan Kept = TimeSpan.FromDays(7);
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web);

    // One writer per message being written, by stripes: two requests of one window must not interleave.
    private readonly SemaphoreSlim[] _locks = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(1, 1))];

    /// <summary>Octets all attachments of a message may have together, so that the encoded message stays within the server's size limit.</summary>
    public long Limit => Math.Max(0, (settings.Current.Smtp.MaximumMessageSize - Overhead) / 78 * 57);

    /// <summary>A new id.</summary>
    public static string NewId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    /// <summary>Holds other requests for the same message back until disposed.</summary>
    public async Task<IDisposable> LockAsync(string id, CancellationToken cancellationToken)
    {
        var gate = _locks[(uint)id.GetHashCode(StringComparison.Ordinal) % _locks.Length];
        await gate.WaitAsync(cancellationToken);
        return new Release(gate);
    }

    /// <summary>Makes the folder of a new message.</summary>
    /// <exception cref="RefusedException">TooMany when the account has 500 open already.</exception>
    public async Task CreateAsync(Actor actor, ComposeState state, CancellationToken cancellationToken)
    {
        var parent = Directory.CreateDirectory(FolderOf(actor));
        var folders = parent.GetDirectories();
        var oldest = clock.GetUtcNow() - Kept;
        foreach (var folder in folders.Where(folder => folder.LastWriteTimeUtc < oldest.UtcDateTime))
        {
            folder.Delete(recursive: true);
        }

        if (folders.Length >= MostFolders)
        {
            throw new RefusedException(new Refusal(RefusalKind.TooMany, "TooManyDrafts"));
        }

        Directory.CreateDirectory(FolderOf(actor, state.Id));
        await SaveAsync(actor, state, cancellationToken);
    }

    /// <summary>The state of a message being written.</summary>
    /// <exception cref="RefusedException">NotFound when there is none by that id.</exception>
    public async Task<ComposeState> LoadAsync(Actor actor, string id, CancellationToken cancellationToken)
    {
        var name = Path.Combine(FolderOf(actor, id), StateFile);
        if (!File.Exists(name))
        {
            throw new RefusedException(new Refusal(RefusalKind.NotFound, "ComposeGone"));
        }

        await using var stream = new FileStream(name, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 4096, FileOptions.Asynchronous);
        return await JsonSerializer.DeserializeAsync<ComposeState>(stream, Format, cancellationToken)
            ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "ComposeGone"));
    }

    /// <summary>Saves the state, durable on completion.</summary>
    public async Task SaveAsync(Actor actor, ComposeState state, CancellationToken cancellationToken)
    {
        var name = Path.Combine(FolderOf(actor, state.Id), StateFile);
        await using (var stream = new FileStream(name + ".new", FileMode.Create, FileAccess.Write, FileShare.None, 4096, FileOptions.Asynchronous))
        {
            await JsonSerializer.SerializeAsync(stream, state, Format, cancellationToken);
            stream.Flush(flushToDisk: true);
        }

        File.Move(name + ".new", name, overwrite: true);
    }

    /// <summary>Stores an uploaded file; the size limit is enforced while reading.</summary>
    /// <exception cref="RefusedException">TooLarge, TooMany, NotFound.</exception>
    public async Task<Upload> AddAsync(Actor actor, string id, IncomingFile file, CancellationToken cancellationToken)
    {
        long room;
        using (await LockAsync(id, cancellationToken))
        {
            var state = await LoadAsync(actor, id, cancellationToken);
            if (state.Uploads.Count >= MostUploads)
            {
                throw new RefusedException(new Refusal(RefusalKind.TooMany, "TooManyAttachments"));
            }

            room = Limit - state.Uploads.Sum(upload => upload.Octets);
        }

        if (file.Length > room)
        {
            throw TooLarge();
        }

        var name = Reading.ReadMessage.CleanFileName(file.Name) is { Length: > 0 } clean ? clean : "attachment";
        var upload = new Upload(NewId(), name, MimeTypes.GetMimeType(name), 0, file.Inline);
        var path = Path.Combine(FolderOf(actor, id), upload.Id);
        try
        {
            // Not under the lock: several files travel at once.
            upload = upload with { Octets = await CopyAsync(file.Content, path, room, cancellationToken) };
            using (await LockAsync(id, cancellationToken))
            {
                var state = await LoadAsync(actor, id, cancellationToken);
                if (state.Uploads.Sum(other => other.Octets) + upload.Octets > Limit)
                {
                    throw TooLarge();
                }

                await SaveAsync(actor, state with { Uploads = [.. state.Uploads, upload] }, cancellationToken);
            }

            return upload;
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Removes an uploaded file.</summary>
    public async Task RemoveAsync(Actor actor, string id, string upload, CancellationToken cancellationToken)
    {
        using (await LockAsync(id, cancellationToken))
        {
            var state = await LoadAsync(actor, id, cancellationToken);
            if (state.Uploads.Any(known => known.Id == upload))
            {
                await SaveAsync(actor, state with { Uploads = [.. state.Uploads.Where(known => known.Id != upload)] }, cancellationToken);
                File.Delete(Path.Combine(FolderOf(actor, id), upload));
            }
        }
    }

    /// <summary>Opens an uploaded file for reading; the caller disposes it.</summary>
    public Stream Open(Actor actor, string id, Upload upload) =>
        new FileStream(Path.Combine(FolderOf(actor, id), upload.Id), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 65536, FileOptions.Asynchronous);

    /// <summary>A file in the folder to build the message in.</summary>
    public string ScratchFile(Actor actor, string id) => Path.Combine(FolderOf(actor, id), $"{NewId()}.eml");

    /// <summary>Removes the folder.</summary>
    public void Delete(Actor actor, string id)
    {
        var folder = FolderOf(actor, id);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Removes the uploaded files of a message that was sent; its state stays, to recognise a repeated Send.</summary>
    public void DropFiles(Actor actor, string id)
    {
        foreach (var file in Directory.EnumerateFiles(FolderOf(actor, id)).Where(name => Path.GetFileName(name) != StateFile))
        {
            File.Delete(file);
        }
    }

    private RefusedException TooLarge() =>
        new(new Refusal(RefusalKind.TooLarge, "AttachmentsTooLarge") { Arguments = [Shared.Shown.Size(Limit)], Field = "attachments" });

    private static async Task<long> CopyAsync(Stream from, string path, long room, CancellationToken cancellationToken)
    {
        await using var to = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 65536, FileOptions.Asynchronous);
        var buffer = new byte[65536];
        long total = 0;
        int read;
        while ((read = await from.ReadAsync(buffer, cancellationToken)) > 0)
        {
            total += read;
            if (total > room)
            {
                throw new RefusedException(new Refusal(RefusalKind.TooLarge, "AttachmentsTooLarge") { Arguments = [Shared.Shown.Size(room)], Field = "attachments" });
            }

            await to.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }

        return total;
    }

    private string FolderOf(Actor actor) =>
        Path.Combine(run.DataFolder, "uploads", (actor.Account ?? throw new RefusedException(new Refusal(RefusalKind.NotAllowed, "NotAllowed"))).ToString());

    private string FolderOf(Actor actor, string id) => id.Length == 32 && id.All(char.IsAsciiHexDigitLower)
        ? Path.Combine(FolderOf(actor), id)
        : throw new RefusedException(new Refusal(RefusalKind.NotFound, "ComposeGone"));

    private sealed class Release(SemaphoreSlim gate) : IDisposable
    {
        private SemaphoreSlim? _gate = gate;

        public void Dispose() => Interlocked.Exchange(ref _gate, null)?.Release();
    }
}

/// <summary>A file on its way in.</summary>
/// <param name="Name">The name the sender gives it.</param>
/// <param name="Inline">Meant for the text.</param>
/// <param name="Length">Announced size, 0 when unknown.</param>
/// <param name="Content">The octets.</param>
public sealed record IncomingFile(string Name, bool Inline, long Length, Stream Content);
