using System.Globalization;

namespace MailPlus.Engine.Search;

/// <summary>The folder of the index on disk: of what kind it is, and whether it was closed with everything in it.</summary>
internal static class IndexFolder
{
    /// <summary>Raise it when terms or fields change: an index of another version is made anew.</summary>
    private const int Version = 1;

    private const string KindFile = "kind";
    private const string WholeFile = "whole";

    /// <summary>Makes the folder ready; whatever is of another kind goes.</summary>
    /// <returns>True when all mail was in it when it was last closed.</returns>
    public static bool Begin(string folder, int shards, bool byCharacter)
    {
        var kind = string.Create(CultureInfo.InvariantCulture, $"version {Version}, shards {shards}, characters {(byCharacter ? "yes" : "no")}");
        var file = Path.Combine(folder, KindFile);
        if (!File.Exists(file) || File.ReadAllText(file) != kind)
        {
            Remove(folder);
            Directory.CreateDirectory(folder);
            File.WriteAllText(file, kind);
            return false;
        }

        var whole = Path.Combine(folder, WholeFile);
        var isWhole = File.Exists(whole);
        File.Delete(whole);
        return isWhole;
    }

    /// <summary>Says that all mail is in the index.</summary>
    public static void MarkWhole(string folder) => File.WriteAllText(Path.Combine(folder, WholeFile), "");

    /// <summary>Takes that back: something changed while nobody followed.</summary>
    public static void MarkPartial(string folder)
    {
        if (Directory.Exists(folder))
        {
            File.Delete(Path.Combine(folder, WholeFile));
        }
    }

    /// <summary>Removes it.</summary>
    public static void Remove(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Leaves the last of the disk to the mail.</summary>
    /// <exception cref="IOException">There is too little left.</exception>
    public static void RequireRoom(string folder, long octets)
    {
        var free = new DriveInfo(folder).AvailableFreeSpace;
        if (free < octets)
        {
            throw new IOException($"only {free} octets are free on the disk");
        }
    }
}
