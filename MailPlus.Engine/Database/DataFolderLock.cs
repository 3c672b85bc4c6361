using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Database;

/// <summary>
/// The exclusive lock of a data folder: two processes on one folder would both believe to be its only writer. Held by an open file, so that the system
/// releases it however the process ends.
/// </summary>
public sealed class DataFolderLock : IDisposable
{
    private readonly FileStream _file;

    private DataFolderLock(FileStream file) => _file = file;

    /// <summary>Takes the lock, making the folder when it is not there.</summary>
    /// <exception cref="RefusedException">Conflict: another process has it. Unavailable: the folder cannot be written.</exception>
    public static DataFolderLock Take(string folder)
    {
        FileStream file;
        try
        {
            DurableFiles.CreateFolder(folder);
            file = new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException failure) when (Directory.Exists(folder))
        {
            throw new RefusedException(new Refusal(RefusalKind.Conflict, "DataFolderInUse")
            {
                Temporary = true, Arguments = [folder], Detail = $"The data folder {folder} is in use by another MailPlus process: {failure.Message}",
            });
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw SqliteFailures.Unavailable(folder, failure.Message);
        }

        return new DataFolderLock(file);
    }

    /// <summary>Gives the lock back.</summary>
    public void Dispose() => _file.Dispose();
}
