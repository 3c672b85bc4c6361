using System.Globalization;
using System.Net;
using MailPlus.Engine.Settings;

namespace MailPlus.Web.CommandLine;

/// <summary>Reads what the command line fixes for one run.</summary>
internal static class RunOptionsReader
{
    /// <summary>Names of the listeners, as options without the dashes.</summary>
    internal static readonly IReadOnlyList<string> Listeners = ["smtp", "submission", "smtps", "imap", "imaps", "pop3", "pop3s", "sieve", "web", "web-tls"];

    /// <summary>The data folder: --data, MAILPLUS_DATA, ./data.</summary>
    internal static string DataFolder(CommandWords words)
    {
        var named = words.Find("--data") ?? Environment.GetEnvironmentVariable("MAILPLUS_DATA");
        return Path.GetFullPath(string.IsNullOrEmpty(named) ? "data" : named);
    }

    /// <summary>The address of the database: --database, MAILPLUS_DATABASE, or what was said when the data folder was first used with one; null for files.</summary>
    internal static string? Database(CommandWords words)
    {
        var file = Path.Combine(DataFolder(words), "database");
        if ((words.Find("--database") ?? Environment.GetEnvironmentVariable("MAILPLUS_DATABASE")) is not { Length: > 0 } named)
        {
            return File.Exists(file) ? File.ReadAllText(file).Trim() : null;
        }

        if (!File.Exists(file) || File.ReadAllText(file).Trim() != named)
        {
            // It may hold a password: for the owner only, and the verbs find it.
            Directory.CreateDirectory(DataFolder(words));
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using var writer = new StreamWriter(file, options);
            writer.WriteLine(named);
        }

        return named;
    }

    internal static RunOptions Read(CommandWords words)
    {
        var known = Listeners.Select(name => "--" + name).Concat(["--data", "--database", "--ports-file", "--loopback-lab"]);
        if (words.Options.Except(known).FirstOrDefault() is { } stranger)
        {
            throw new UsageException($"serve has no option {stranger}.");
        }

        return new RunOptions
        {
            DataFolder = DataFolder(words),
            Database = Database(words),
            Listeners = Listeners.Where(name => words.Has("--" + name)).ToDictionary(name => name, name => EndPoint("--" + name, words.Require("--" + name))),
            PortsFile = words.Find("--ports-file") is { } file ? Path.GetFullPath(file) : null,
            LoopbackLab = words.Has("--loopback-lab"),
        };
    }

    private static IPEndPoint? EndPoint(string option, string text)
    {
        if (text.Equals("off", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= IPEndPoint.MaxPort)
        {
            return new IPEndPoint(IPAddress.Any, port);
        }

        return text.Contains(':', StringComparison.Ordinal) && IPEndPoint.TryParse(text.Replace("localhost:", "127.0.0.1:", StringComparison.OrdinalIgnoreCase), out var endPoint)
            ? endPoint
            : throw new UsageException($"{option} takes ADDRESS:PORT or off, not '{text}'.");
    }
}
