using System.Text.Json;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Database;
using MailPlus.Engine.Delivery.Queue;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Backup;

/// <summary>What a backup is made of.</summary>
public sealed record BackupSources(string DataFolder, SystemDatabase System, LogDatabase Logs, DeliveryQueue Queue, IMailStore Store)
{
    /// <summary>Everything lies in PostgreSQL, which has its own ways to be backed up.</summary>
    public bool InDatabase { get; init; }
}

/// <summary>What is said of a finished backup, also kept in it as <c>manifest.json</c>. A folder without one is not complete.</summary>
/// <param name="Format">Version of the layout.</param>
/// <param name="Made">When it was begun, ISO 8601 UTC.</param>
/// <param name="Accounts">Accounts in it.</param>
public sealed record BackupManifest(int Format, DateTimeOffset Made, int Accounts);

/// <summary>
/// Copies everything into a new folder while the server runs. The queue is copied before the mailboxes: a message delivered in between is in both, and the delivery
/// key in the mailbox makes the restored queue's attempt a no-op (mail-rules 1, 7).
/// </summary>
public sealed class BackupOperations(BackupSources sources, AddressBook addressBook, TimeProvider clock)
{
    internal const int Format = 1;
    internal const string ManifestFile = "manifest.json";

    /// <summary>Folders of plain files that are copied as they are.</summary>
    internal static readonly IReadOnlyList<string> PlainFolders = ["tls", "web", "keys"];

    /// <summary>Makes a backup.</summary>
    /// <exception cref="RefusedException">NotAllowed; Conflict when the folder is not empty, or everything lies in PostgreSQL.</exception>
    public async Task<BackupManifest> CreateAsync(Actor actor, string folder, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageBackups);
        if (sources.InDatabase)
        {
            throw new RefusedException(new Refusal(RefusalKind.Conflict, "BackupByDatabase"));
        }

        RequireEmpty(folder);
        DurableFiles.CreateFolder(folder);
        RestrictToOwner(folder);
        var manifest = new BackupManifest(Format, clock.GetUtcNow(), 0);

        // The logs first: their places in the outboxes must not lie beyond what the copied outboxes have given out.
        DurableFiles.CreateFolder(Path.Combine(folder, "logs"));
        await CopyDatabaseAsync(sources.Logs.Open(), Path.Combine(folder, "logs", "log.db"), cancellationToken);
        await CopyDatabaseAsync(sources.System.OpenForCopy(), Path.Combine(folder, "system.db"), cancellationToken);
        await sources.Queue.CopyToAsync(folder, cancellationToken);
        var accounts = addressBook.Entries.Select(entry => entry.Account.Id).ToList();
        var copied = 0;
        foreach (var account in accounts)
        {
            try
            {
                await sources.Store.CopyToAsync(account, Path.Combine(folder, "accounts", account.ToString()), cancellationToken);
                copied++;
            }
            catch (RefusedException gone) when (gone.Refusal.Kind == RefusalKind.NotFound && addressBook.Find(account) is null)
            {
                // Deleted meanwhile: its row goes from the copy when the restored server finds no mail for it.
            }
        }

        foreach (var name in PlainFolders)
        {
            FileTree.Copy(Path.Combine(sources.DataFolder, name), Path.Combine(folder, name));
        }

        FileTree.CopyFile(Path.Combine(sources.DataFolder, "layout"), Path.Combine(folder, "layout"));
        manifest = manifest with { Accounts = copied };
        using (var text = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(manifest)))
        {
            DurableFiles.Write(Path.Combine(folder, ManifestFile), text); // last: what has it is whole
        }

        DurableFiles.FlushFolder(folder);
        return manifest;
    }

    internal static void RequireEmpty(string folder)
    {
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
        {
            throw new RefusedException(new Refusal(RefusalKind.Conflict, "FolderNotEmpty") { Arguments = [folder] });
        }
    }

    internal static void RestrictToOwner(string folder)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    // VACUUM INTO is one read transaction: a consistent copy without stopping the writer.
    private static Task CopyDatabaseAsync(DbContext source, string target, CancellationToken cancellationToken) => Task.Run(
        async () =>
        {
            await using (source)
            {
                await source.Database.ExecuteSqlAsync($"VACUUM INTO {target}", cancellationToken);
            }

            DurableFiles.FlushFile(target);
        },
        cancellationToken);
}
