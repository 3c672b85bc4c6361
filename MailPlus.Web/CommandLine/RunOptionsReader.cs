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

    internal static RunOptions Read(CommandWords words)
    {
        var known = Listeners.Select(name => "--" + name).Concat(["--data", "--ports-file", "--loopback-lab"]);
        if (words.Options.Except(known).FirstOrDefault() is { } stranger)
        {
            throw new UsageException($"serve has no option {stranger}.");
        }

        return new RunOptions
        {
            DataFolder = DataFolder(words),
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
