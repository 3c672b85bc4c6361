using System.Text.Json;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Backup;

/// <summary>
/// Puts a backup into an empty data folder. The copies of mailboxes carry no history id, so each takes a new one, and new UIDVALIDITYs, when it is first opened
/// (mail-rules 7): clients fetch again instead of mixing two histories.
/// </summary>
public static class Restore
{
    /// <summary>Restores.</summary>
    /// <exception cref="RefusedException">Invalid when the source is no complete backup; Conflict when the target is not empty.</exception>
    public static BackupManifest Run(string source, string dataFolder)
    {
        var manifest = ReadManifest(source);
        BackupOperations.RequireEmpty(dataFolder);
        DurableFiles.CreateFolder(dataFolder);
        BackupOperations.RestrictToOwner(dataFolder);

        // The file that makes it a data folder comes last: a restore that was cut short leaves a folder that is not empty and does not start as a fresh server.
        foreach (var folder in Directory.EnumerateDirectories(source))
        {
            FileTree.Copy(folder, Path.Combine(dataFolder, Path.GetFileName(folder)));
        }

        foreach (var file in Directory.EnumerateFiles(source).Where(file => Path.GetFileName(file) is not (BackupOperations.ManifestFile or "system.db")))
        {
            FileTree.CopyFile(file, Path.Combine(dataFolder, Path.GetFileName(file)));
        }

        FileTree.CopyFile(Path.Combine(source, "system.db"), Path.Combine(dataFolder, "system.db"));
        DurableFiles.FlushFolder(dataFolder);
        return manifest;
    }

    private static BackupManifest ReadManifest(string source)
    {
        try
        {
            var manifest = JsonSerializer.Deserialize<BackupManifest>(File.ReadAllText(Path.Combine(source, BackupOperations.ManifestFile)));
            if (manifest is { Format: <= BackupOperations.Format } && File.Exists(Path.Combine(source, "system.db")))
            {
                return manifest;
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or JsonException)
        {
            throw Unreadable(source, failure.Message);
        }

        throw Unreadable(source, "unknown format");
    }

    private static RefusedException Unreadable(string source, string detail) =>
        new(new Refusal(RefusalKind.Invalid, "BackupUnreadable") { Arguments = [source], Detail = $"{source}: {detail}" });
}
