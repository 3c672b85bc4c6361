using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using Microsoft.Data.Sqlite;

namespace MailPlus.Engine.Store.Sqlite;

/// <summary>The steps of a copy around the backup of the database. All of it blocks.</summary>
internal static class AccountCopy
{
    /// <summary>Makes the folder of the copy, which must not hold mail already.</summary>
    public static bool MakeFolder(string folder)
    {
        if (File.Exists(Path.Combine(folder, SqliteAccount.DatabaseName)))
        {
            throw SqliteFailures.Unavailable(folder, "holds mail already");
        }

        try
        {
            DurableFiles.CreateFolder(folder);
            DurableFiles.CreateFolder(Path.Combine(folder, BodyFolder.Name));
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw SqliteFailures.Unavailable(folder, failure.Message);
        }
    }

    /// <summary>Marks the copy as another history (mail-rules 7) and brings the big bodies its rows name, unless they are there.</summary>
    public static bool Finish(string folder, BodyFolder? bodies)
    {
        try
        {
            var files = new List<string>();
            using (var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(folder, SqliteAccount.DatabaseName), Pooling = false }.ToString()))
            {
                connection.Open();
                using var command = connection.CreateCommand();
                command.CommandText = "PRAGMA synchronous=FULL; UPDATE account SET epoch=NULL; SELECT file FROM body WHERE file IS NOT NULL;";
                using var reader = command.ExecuteReader();
                while (reader.Read())
                {
                    files.Add(reader.GetString(0));
                }
            }

            var target = Path.Combine(folder, BodyFolder.Name);
            foreach (var file in files)
            {
                bodies?.CopyTo(file, Path.Combine(target, file));
            }

            DurableFiles.FlushFolder(target);
            DurableFiles.FlushFolder(folder);
            return true;
        }
        catch (Exception failure) when (failure is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw SqliteFailures.ForCaller(failure, folder);
        }
    }
}
