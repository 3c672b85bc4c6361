namespace MailPlus.Tests.Support;

/// <summary>Folders of tests.</summary>
public static class ScratchFolder
{
    /// <summary>Removes a folder, also when a process that has just been ended still makes its last files in it.</summary>
    public static async Task DeleteAsync(string folder)
    {
        for (var tries = 0; Directory.Exists(folder); tries++)
        {
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (IOException) when (tries < 100)
            {
                await Task.Delay(100);
            }
        }
    }
}
