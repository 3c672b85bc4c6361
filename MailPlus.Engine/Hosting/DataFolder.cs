using System.Globalization;
using System.Text;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Hosting;

/// <summary>The data folder: owner-only, locked by one process, and refused when a newer version has written it (design 2).</summary>
public sealed class DataFolder : IDisposable
{
    /// <summary>Version of the layout. Raise it when an older binary could damage what a newer one wrote.</summary>
    private const int Layout = 1;

    private readonly DataFolderLock _lock;

    private DataFolder(string path, DataFolderLock taken)
    {
        Root = path;
        _lock = taken;
    }

    /// <summary>Absolute path.</summary>
    public string Root { get; }

    /// <summary>The system database.</summary>
    public string SystemFile => Path.Combine(Root, "system.db");

    /// <summary>The logs.</summary>
    public string LogFile => Path.Combine(Root, "logs", "log.db");

    /// <summary>The full-text index; it can be made again, so a backup is without it.</summary>
    public string Index => Path.Combine(Root, "index");

    /// <summary>Mail.</summary>
    public string Accounts => Path.Combine(Root, "accounts");

    /// <summary>Big bodies from PostgreSQL while somebody reads them.</summary>
    public string Reading => Path.Combine(Root, "reading");

    /// <summary>The name of this node among those that share a database; made the first time, the same for the life of the folder.</summary>
    public string Node()
    {
        var file = Path.Combine(Root, "node");
        if (!File.Exists(file))
        {
            using var name = new MemoryStream(Encoding.ASCII.GetBytes(Guid.NewGuid().ToString("N")));
            DurableFiles.Write(file, name);
            DurableFiles.FlushFolder(Root);
        }

        return File.ReadAllText(file).Trim();
    }

    /// <summary>Makes, locks and checks the folder.</summary>
    /// <exception cref="RefusedException">Conflict: another process has it, or a newer version wrote it.</exception>
    public static DataFolder Open(string path)
    {
        var taken = DataFolderLock.Take(path);
        try
        {
            RestrictToOwner(path);
            var folder = new DataFolder(path, taken);
            folder.CheckLayout();
            foreach (var name in new[] { "logs", "accounts" })
            {
                DurableFiles.CreateFolder(Path.Combine(path, name));
            }

            return folder;
        }
        catch
        {
            taken.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    private static void RestrictToOwner(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private void CheckLayout()
    {
        var file = Path.Combine(Root, "layout");
        if (!File.Exists(file))
        {
            File.WriteAllText(file, Layout.ToString(CultureInfo.InvariantCulture));
        }
        else if (!int.TryParse(File.ReadAllText(file), NumberStyles.None, CultureInfo.InvariantCulture, out var written) || written > Layout)
        {
            throw new RefusedException(new Refusal(RefusalKind.Conflict, "DataFolderNewer"));
        }
    }
}
