using System.Globalization;
using MailPlus.Engine.Settings.Sections;

namespace MailPlus.Web.Admin.Service;

/// <summary>One listener on the form: which setting it is and how it is read and written.</summary>
/// <param name="Setting">Its name in the catalog.</param>
/// <param name="Listener">Its name among the service states.</param>
internal sealed record ListenerLine(
    string Setting, string Listener, Func<ServiceSettings, ListenerSetting> Read, Func<ServiceSettings, ListenerSetting, ServiceSettings> Write);

/// <summary>What the Service page edits: a draft of the section, with the port fields as typed so that a half-typed number is not lost.</summary>
internal sealed class ServiceForm
{
    private static readonly ServiceSettings Defaults = new();
    private readonly Dictionary<string, string> _ports = new(StringComparer.Ordinal);

    public ServiceForm(ServiceSettings saved)
    {
        Saved = Draft = saved;
        PerAddress = Text(saved.MaximumConnectionsPerAddress);
        Total = Text(saved.MaximumConnections);
        foreach (var line in Listeners)
        {
            _ports[line.Setting] = Text(line.Read(saved).Port);
        }
    }

    /// <summary>The SMTP listeners in the order of the guide (PRO-003).</summary>
    public static IReadOnlyList<ListenerLine> Smtp { get; } =
    [
        new("Service.Smtp", "smtp", s => s.Smtp, (s, value) => s with { Smtp = value }),
        new("Service.Smtps", "smtps", s => s.Smtps, (s, value) => s with { Smtps = value }),
        new("Service.Submission", "submission", s => s.Submission, (s, value) => s with { Submission = value }),
    ];

    /// <summary>The IMAP listeners (PRO-026, PRO-027).</summary>
    public static IReadOnlyList<ListenerLine> Imap { get; } =
    [
        new("Service.Imap", "imap", s => s.Imap, (s, value) => s with { Imap = value }),
        new("Service.Imaps", "imaps", s => s.Imaps, (s, value) => s with { Imaps = value }),
    ];

    /// <summary>The POP3 listeners (PRO-024, PRO-025).</summary>
    public static IReadOnlyList<ListenerLine> Pop3 { get; } =
    [
        new("Service.Pop3", "pop3", s => s.Pop3, (s, value) => s with { Pop3 = value }),
        new("Service.Pop3s", "pop3s", s => s.Pop3s, (s, value) => s with { Pop3s = value }),
    ];

    /// <summary>Where mail programs keep scripts (RFC 5804).</summary>
    public static IReadOnlyList<ListenerLine> Sieve { get; } = [new("Service.Sieve", "sieve", s => s.Sieve, (s, value) => s with { Sieve = value })];

    /// <summary>All listeners in the order they are shown.</summary>
    public static IReadOnlyList<ListenerLine> Listeners { get; } = [.. Smtp, .. Imap, .. Pop3, .. Sieve];

    /// <summary>Addresses of one service alone.</summary>
    public static IReadOnlyList<(string Setting, Func<ServiceSettings, IReadOnlyList<string>> Read, Func<ServiceSettings, IReadOnlyList<string>, ServiceSettings> Write)> OwnAddresses { get; } =
    [
        ("Service.SmtpAddresses", s => s.SmtpAddresses, (s, value) => s with { SmtpAddresses = value }),
        ("Service.ImapAddresses", s => s.ImapAddresses, (s, value) => s with { ImapAddresses = value }),
        ("Service.Pop3Addresses", s => s.Pop3Addresses, (s, value) => s with { Pop3Addresses = value }),
    ];

    /// <summary>All settings of the page in the order they are shown.</summary>
    public static IReadOnlyList<string> Settings { get; } =
    [
        .. Listeners.Select(line => line.Setting),
        "Service.WebmailEnabled", "Service.ListenAddresses", .. OwnAddresses.Select(one => one.Setting), "Service.MaximumConnectionsPerAddress", "Service.MaximumConnections",
    ];

    /// <summary>What is in force.</summary>
    public ServiceSettings Saved { get; }

    /// <summary>What it would become; numbers that cannot be read stay as they were.</summary>
    public ServiceSettings Draft { get; set; }

    /// <summary>The field as typed.</summary>
    public string PerAddress { get; set; }

    /// <summary>The field as typed.</summary>
    public string Total { get; set; }

    public string PortOf(ListenerLine line) => _ports[line.Setting];

    public void SetPort(ListenerLine line, string text)
    {
        _ports[line.Setting] = text;
        if (TryNumber(text, 1, 65535, out var port))
        {
            Draft = line.Write(Draft, line.Read(Draft) with { Port = port });
        }
    }

    public void SetEnabled(ListenerLine line, bool enabled) => Draft = line.Write(Draft, line.Read(Draft) with { Enabled = enabled });

    public void Reset(ListenerLine line)
    {
        Draft = line.Write(Draft, line.Read(Defaults));
        _ports[line.Setting] = Text(line.Read(Defaults).Port);
    }

    /// <summary>Takes the limit fields over into the draft.</summary>
    public void ReadLimits()
    {
        if (TryNumber(PerAddress, 1, 100_000, out var perAddress))
        {
            Draft = Draft with { MaximumConnectionsPerAddress = perAddress };
        }

        if (TryNumber(Total, 10, 1_000_000, out var total))
        {
            Draft = Draft with { MaximumConnections = total };
        }
    }

    /// <summary>Settings with a field that cannot be read, and the key of what is wrong.</summary>
    public IReadOnlyDictionary<string, string> Faults()
    {
        var faults = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in Listeners.Where(line => !TryNumber(_ports[line.Setting], 1, 65535, out _)))
        {
            faults[line.Setting] = "BadPort";
        }

        // PRO-050: two listeners cannot share a port.
        foreach (var twice in Listeners.Where(line => line.Read(Draft).Enabled).GroupBy(line => line.Read(Draft).Port).Where(group => group.Count() > 1))
        {
            foreach (var line in twice.Skip(1))
            {
                faults.TryAdd(line.Setting, "PortTwice");
            }
        }

        if (!TryNumber(PerAddress, 1, 100_000, out _))
        {
            faults["Service.MaximumConnectionsPerAddress"] = "BadNumber";
        }

        if (!TryNumber(Total, 10, 1_000_000, out _))
        {
            faults["Service.MaximumConnections"] = "BadNumber";
        }

        return faults;
    }

    /// <summary>Names of the settings that differ from what is in force.</summary>
    public IReadOnlyList<string> Changed() =>
    [
        .. Settings.Where(name => !Equals(Value(name, Saved), Value(name, Draft)) || Typed(name) is { } typed && typed != SavedText(name)),
    ];

    public bool IsChanged(string name) => Changed().Contains(name);

    public static bool IsDefault(string name, ServiceSettings settings) => Equals(Value(name, settings), Value(name, Defaults));

    /// <summary>A setting's value in a form that compares by content.</summary>
    public static object Value(string name, ServiceSettings settings) => name switch
    {
        "Service.WebmailEnabled" => settings.WebmailEnabled,
        "Service.ListenAddresses" => string.Join(", ", settings.ListenAddresses),
        "Service.SmtpAddresses" => string.Join(", ", settings.SmtpAddresses),
        "Service.ImapAddresses" => string.Join(", ", settings.ImapAddresses),
        "Service.Pop3Addresses" => string.Join(", ", settings.Pop3Addresses),
        "Service.MaximumConnectionsPerAddress" => settings.MaximumConnectionsPerAddress,
        "Service.MaximumConnections" => settings.MaximumConnections,
        _ => Listeners.First(line => line.Setting == name).Read(settings),
    };

    private string? Typed(string name) => name switch
    {
        "Service.MaximumConnectionsPerAddress" => PerAddress.Trim(),
        "Service.MaximumConnections" => Total.Trim(),
        _ => _ports.GetValueOrDefault(name)?.Trim(),
    };

    private string SavedText(string name) => Value(name, Saved) switch
    {
        ListenerSetting listener => Text(listener.Port),
        int number => Text(number),
        _ => "",
    };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static bool TryNumber(string text, int minimum, int maximum, out int number) =>
        int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= minimum && number <= maximum;
}
