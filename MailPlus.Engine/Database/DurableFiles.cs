using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace MailPlus.Engine.Database;

/// <summary>File steps whose order on stable storage matters (mail-rules 4): a new name is durable only when its folder is flushed too. All calls block.</summary>
public static class DurableFiles
{
    /// <summary>Flushes a file's octets to stable storage.</summary>
    public static void FlushFile(string fileName)
    {
        using var handle = File.OpenHandle(fileName, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        RandomAccess.FlushToDisk(handle);
    }

    /// <summary>
    /// Flushes an open file's octets and its size, but not its times: an overwrite of space it has already costs no write of the file system's own journal,
    /// which is what makes this several times cheaper than a whole flush.
    /// </summary>
    public static void FlushOctets(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.FlushToDisk(file);
        }
        else if (Native.Fdatasync(file) != 0)
        {
            throw Failure("flush");
        }
    }

    /// <summary>Flushes a folder, so that names made, renamed or removed in it survive a power cut.</summary>
    public static void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return; // NTFS journals names by itself.
        }

        var descriptor = Native.Open(folder, 0);
        if (descriptor < 0)
        {
            throw Failure(folder);
        }

        try
        {
            if (Native.Fsync(descriptor) != 0)
            {
                throw Failure(folder);
            }
        }
        finally
        {
            _ = Native.Close(descriptor);
        }
    }

    /// <summary>Renames over whatever bears the new name and flushes the new folder.</summary>
    public static void Rename(string from, string to)
    {
        File.Move(from, to, overwrite: true);
        FlushFolder(Path.GetDirectoryName(to)!);
    }

    /// <summary>Gives a file a second name (a hard link). False when the two folders are on different file systems or links are not possible.</summary>
    public static bool TryLink(string existing, string added) => !OperatingSystem.IsWindows() && Native.Link(existing, added) == 0;

    /// <summary>Writes a file whole and flushes it; the folder is left to the caller.</summary>
    public static void Write(string fileName, Stream octets)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new FileStream(fileName, options);
        octets.CopyTo(file, 1 << 17);
        file.Flush(flushToDisk: true);
    }

    /// <summary>Makes a folder that only its owner may enter, and flushes its parent; nothing when it is there.</summary>
    public static void CreateFolder(string folder)
    {
        if (Directory.Exists(folder))
        {
            return;
        }

        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
            return;
        }

        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        FlushFolder(Path.GetDirectoryName(Path.GetFullPath(folder))!);
    }

    private static IOException Failure(string name) => new($"{name}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");

    private static class Native
    {
        [DllImport("libc", EntryPoint = "open", SetLastError = true)]
        public static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string name, int flags);

        [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
        public static extern int Fsync(int descriptor);

        [DllImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
        public static extern int Fdatasync(SafeFileHandle file);

        [DllImport("libc", EntryPoint = "close", SetLastError = true)]
        public static extern int Close(int descriptor);

        [DllImport("libc", EntryPoint = "link", SetLastError = true)]
        public static extern int Link([MarshalAs(UnmanagedType.LPUTF8Str)] string existing, [MarshalAs(UnmanagedType.LPUTF8Str)] string added);
    }
}
