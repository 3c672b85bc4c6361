using MailPlus.Engine.Database;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Delivery.Queue;

/// <summary>
/// Big bodies: immutable files, linked from the spool where that is possible and flushed with their folder before the row (mail-rules 4); later linked on
/// into a mailbox. Removed only after the row's removal is committed; what a crash left without a row is swept at start.
/// </summary>
internal sealed class QueueBodies(string folder, SqliteThreads threads)
{
    /// <summary>Contents of more octets than this lie in files.</summary>
    public const int Threshold = 256 * 1024;

    /// <summary>The folder.</summary>
    public string Folder => folder;

    /// <summary>Puts a content into the folder, durable.</summary>
    public Task<string> KeepAsync(EntryId entry, MessageContent content, CancellationToken cancellationToken) => threads.RunAsync(() =>
    {
        DurableFiles.CreateFolder(folder);
        var name = Path.Combine(folder, $"{entry}.body");
        if (content.FileName is { } source && DurableFiles.TryLink(source, name))
        {
            DurableFiles.FlushFile(name);
        }
        else
        {
            using var octets = content.OpenRead();
            DurableFiles.Write(name, octets);
        }

        DurableFiles.FlushFolder(folder);
        return name;
    }, cancellationToken);

    /// <summary>Writes a content piece by piece, durable.</summary>
    public async Task<string> WriteAsync(EntryId entry, Func<Stream, Task> write, CancellationToken cancellationToken)
    {
        var name = Path.Combine(folder, $"{entry}.body");
        await threads.RunAsync(() =>
        {
            DurableFiles.CreateFolder(folder);
            return true;
        }, cancellationToken);
        await using (var file = new FileStream(name, FileMode.CreateNew, FileAccess.Write, FileShare.None, 65536, FileOptions.Asynchronous))
        {
            await write(file);
        }

        return await threads.RunAsync(() =>
        {
            DurableFiles.FlushFile(name);
            DurableFiles.FlushFolder(folder);
            return name;
        }, cancellationToken);
    }

    /// <summary>Links or copies the bodies that are there and not in the target yet.</summary>
    public Task CopyToAsync(string target, CancellationToken cancellationToken) => threads.RunAsync(() =>
    {
        DurableFiles.CreateFolder(target);
        foreach (var file in Directory.Exists(folder) ? Directory.GetFiles(folder, "*.body") : [])
        {
            var name = Path.Combine(target, Path.GetFileName(file));
            if (!File.Exists(name) && !DurableFiles.TryLink(file, name) && File.Exists(file))
            {
                using var octets = File.OpenRead(file);
                DurableFiles.Write(name, octets);
            }
        }

        DurableFiles.FlushFolder(target);
        return true;
    }, cancellationToken);

    /// <summary>Removes files, now.</summary>
    public Task RemoveAsync(IReadOnlyList<string> names) => threads.RunAsync(() =>
    {
        foreach (var name in names)
        {
            File.Delete(name);
        }

        return true;
    }, CancellationToken.None);

    /// <summary>Removes a file soon, without anybody waiting; whatever fails is swept at the next start.</summary>
    public void RemoveLater(string name) => _ = RemoveAsync([name]);

    /// <summary>Removes files that no entry names.</summary>
    public Task SweepAsync(IReadOnlySet<string> known, CancellationToken cancellationToken) => threads.RunAsync(() =>
    {
        if (!Directory.Exists(folder))
        {
            return true;
        }

        foreach (var file in Directory.EnumerateFiles(folder))
        {
            if (!known.Contains(Path.GetFileName(file)))
            {
                File.Delete(file);
            }
        }

        return true;
    }, cancellationToken);
}
