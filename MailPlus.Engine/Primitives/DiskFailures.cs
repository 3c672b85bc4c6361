namespace MailPlus.Engine.Primitives;

/// <summary>What a disk's failure means to whoever waits for an answer.</summary>
internal static class DiskFailures
{
    private const int NoSpace = 28; // ENOSPC
    private const int NoQuota = 122; // EDQUOT

    /// <summary>Whether a failure says that the disk, or what of it we may use, is full.</summary>
    public static bool IsFull(Exception failure) => failure is IOException { HResult: NoSpace or NoQuota };

    /// <summary>Storage has no room now.</summary>
    public static RefusedException Full(string where, string detail) =>
        new(new Refusal(RefusalKind.Unavailable, "StorageFull") { Temporary = true, IsStorageFull = true, Detail = $"{where}: {detail}" });

    /// <summary>Full, or cannot take it now for another reason.</summary>
    public static RefusedException Refused(string where, Exception failure) => IsFull(failure) ? Full(where, failure.Message)
        : new RefusedException(new Refusal(RefusalKind.Unavailable, "StorageUnavailable") { Temporary = true, Detail = $"{where}: {failure.Message}" });
}
