using MailPlus.Engine.Database;

namespace MailPlus.Engine.Backup;

/// <summary>Copies plain files with their permissions, flushed.</summary>
internal static class FileTree
{
    /// <summary>Copies a folder with everything in it; nothing when it is not there.</summary>
    internal static void Copy(string source, string target)
    {
        if (!Directory.Exists(source))
        {
            return;
        }

        DurableFiles.CreateFolder(target);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(target, File.GetUnixFileMode(source));
        }

        foreach (var file in Directory.EnumerateFiles(source))
        {
            CopyFile(file, Path.Combine(target, Path.GetFileName(file)));
        }

        foreach (var folder in Directory.EnumerateDirectories(source))
        {
            Copy(folder, Path.Combine(target, Path.GetFileName(folder)));
        }

        DurableFiles.FlushFolder(target);
    }

    /// <summary>Copies one file.</summary>
    internal static void CopyFile(string source, string target)
    {
        File.Copy(source, target, overwrite: false);
        DurableFiles.FlushFile(target);
    }
}
