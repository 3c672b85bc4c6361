using System.Globalization;
using Microsoft.Data.Sqlite;

namespace MailPlus.Engine.Database;

/// <summary>Makes a new database, upgrades an older one (a copy is kept), refuses a newer or foreign one (design 2).</summary>
internal static class SqliteSchema
{
    /// <summary>Brings the file to the version this binary knows.</summary>
    public static void Prepare(SqliteConnectionSession session, SqliteFileOptions options)
    {
        var version = session.Scalar("PRAGMA user_version");
        var application = session.Scalar("PRAGMA application_id");
        // A crash between the making of the file and its first commit leaves a file without tables: still new.
        var isNew = version == 0 && application == 0 && session.Scalar("SELECT count(*) FROM sqlite_schema") == 0;
        if (isNew)
        {
            session.Run($"PRAGMA page_size={options.PageSize.ToString(CultureInfo.InvariantCulture)}; PRAGMA auto_vacuum=INCREMENTAL;");
        }
        else if (application != options.ApplicationId)
        {
            throw SqliteFailures.Unavailable(options.FileName, $"belongs to another application ({application})");
        }
        else if (version > options.Scripts.Count)
        {
            throw SqliteFailures.Unavailable(options.FileName, $"was written by a newer version ({version}, this one knows {options.Scripts.Count})");
        }

        session.Run("PRAGMA journal_mode=WAL;");
        if (version == options.Scripts.Count && !isNew)
        {
            return;
        }

        if (!isNew)
        {
            Copy(session.Connection, $"{options.FileName}.v{version.ToString(CultureInfo.InvariantCulture)}");
        }

        session.Run("BEGIN IMMEDIATE");
        try
        {
            for (var script = (int)version; script < options.Scripts.Count; script++)
            {
                session.Run(options.Scripts[script]);
            }

            session.Run(string.Create(CultureInfo.InvariantCulture, $"PRAGMA application_id={options.ApplicationId}; PRAGMA user_version={options.Scripts.Count}; COMMIT;"));
        }
        catch
        {
            if (session.InTransaction)
            {
                session.Run("ROLLBACK");
            }

            throw;
        }

        DurableFiles.FlushFolder(Path.GetDirectoryName(options.FileName)!);
    }

    /// <summary>Copies through the backup API to a file of its own, durable on return; whatever bore the name is replaced only when the copy is whole.</summary>
    public static void Copy(SqliteConnection source, string fileName)
    {
        var unfinished = fileName + ".unfinished";
        File.Delete(unfinished);
        using (var target = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = unfinished, Pooling = false }.ToString()))
        {
            target.Open();
            source.BackupDatabase(target);
        }

        DurableFiles.FlushFile(unfinished);
        DurableFiles.Rename(unfinished, fileName);
    }
}
