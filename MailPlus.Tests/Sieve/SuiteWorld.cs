using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Sieve.Language;
using MailPlus.Engine.Sieve.Runtime;

namespace MailPlus.Tests.Sieve;

/// <summary>A mail account in memory for scripts under test: mailboxes, outgoing mail, annotations, settings of the test language.</summary>
internal sealed class SuiteWorld(string folder) : ISieveSurroundings, ISieveOutlet
{
    private readonly HashSet<string> _duplicates = [];

    public Dictionary<string, List<(byte[] Octets, List<string> Flags)>> Mailboxes { get; } = new(StringComparer.Ordinal) { ["INBOX"] = [] };

    public List<(string From, IReadOnlyList<string> To, byte[] Octets)> Sent { get; } = [];

    public Dictionary<(string? Mailbox, string Entry), string> Annotations { get; } = [];

    public Dictionary<string, string> Settings { get; } = new(StringComparer.Ordinal);

    public DateTimeOffset Now { get; } = TimeProvider.System.GetLocalNow();

    public string AddressDelimiters => Settings.GetValueOrDefault("recipient_delimiter", "+");

    public string OwnAddress => Settings.GetValueOrDefault("sieve_user_email", "nico@frop.example.org");

    public string HostName => "example.test";

    public DateTimeOffset Localize(DateTimeOffset moment) => moment.ToLocalTime();

    public ValueTask<bool> MailboxExistsAsync(string name, CancellationToken cancellationToken) => new(Mailboxes.ContainsKey(name));

    public ValueTask<bool> SpecialUseExistsAsync(string? mailbox, string attribute, CancellationToken cancellationToken) => new(false);

    public ValueTask<string?> AnnotationAsync(string? mailbox, string entry, CancellationToken cancellationToken) => new(Annotations.GetValueOrDefault((mailbox, entry)));

    public ValueTask<bool> IsDuplicateAsync(DuplicateKey key, CancellationToken cancellationToken) => new(_duplicates.Contains(key.Handle + "\n" + key.Id));

    public bool ProtectsHeader(string name, bool adds) =>
        (Settings.GetValueOrDefault("sieve_editheader_protected", "").Split(' ').Contains(name, StringComparer.OrdinalIgnoreCase) || IsForbidden(name, adds)) && !name.Equals("subject", StringComparison.OrdinalIgnoreCase);

    private bool IsForbidden(string name, bool adds) => Settings.GetValueOrDefault("sieve_editheader_header", "").Split(' ').Any(
        rule => name.Equals(Settings.GetValueOrDefault($"sieve_editheader_header/{rule}/name"), StringComparison.OrdinalIgnoreCase) && Settings.GetValueOrDefault($"sieve_editheader_header/{rule}/forbid_{(adds ? "add" : "delete")}") == "yes");

    public string AnswerSubject(string? original) => !string.IsNullOrEmpty(original)
        ? Setting("sieve_vacation_default_subject_template", "Auto: %{subject}").Replace("%{subject}", original, StringComparison.Ordinal)
        : Setting("sieve_vacation_default_subject", "Automated reply");

    private string Setting(string name, string otherwise) => Settings.GetValueOrDefault(name) is { Length: > 0 } value ? value : otherwise;

    public bool KnowsList(string list) => ListFile(list) is not null;

    public ValueTask<bool> IsListedAsync(string list, string value, CancellationToken cancellationToken) =>
        new(ListFile(list) is { Length: > 0 } file && File.ReadLines(file).Where((_, i) => i % 2 == 0).Any(line => line.Equals("priv/sieve/extlists/" + value, StringComparison.OrdinalIgnoreCase) || line.Equals(value, StringComparison.OrdinalIgnoreCase)));

    public string? Environment(string item) => item switch { "location" => "MS", "phase" => "post", "name" => "Pigeonhole Sieve", "version" => "1", _ => null };

    public ValueTask<double?> SpamPercentAsync(SieveMessage message, CancellationToken cancellationToken)
    {
        if (Text(message, "sieve_spamtest_text_value", 10) is { } word)
        {
            return new(word == 0 ? null : (word - 1) * 100.0 / 9);
        }

        if (Value(message, "sieve_spamtest_status_header") is not { } status)
        {
            return new((double?)null);
        }

        if (Settings.GetValueOrDefault("sieve_spamtest_status_type") == "strlen")
        {
            return Maximum(message) is { } most ? new(Math.Clamp(status.Length / most, 0, 1) * 100) : new((double?)null);
        }

        return double.TryParse(status, CultureInfo.InvariantCulture, out var score) && Maximum(message) is { } maximum ? new(Math.Clamp(score / maximum, 0, 1) * 100) : new((double?)null);
    }

    public ValueTask<int> VirusAsync(SieveMessage message, CancellationToken cancellationToken) => new(Text(message, "sieve_virustest_text_value", 5) ?? 0);

    public async ValueTask StoreAsync(StoreAction action, MessageContent content, CancellationToken cancellationToken)
    {
        var name = action.Mailbox ?? "INBOX";
        if (!Mailboxes.TryGetValue(name, out var mailbox))
        {
            if (name.Contains("//", StringComparison.Ordinal) || name.StartsWith('/') || name.EndsWith('/'))
            {
                throw new RefusedException(new Refusal(RefusalKind.Invalid, "MailboxNameInvalid"));
            }

            if (!action.Create && action.Mailbox is not null)
            {
                throw new RefusedException(new Refusal(RefusalKind.NotFound, "MailboxNotFound"));
            }

            Mailboxes[name] = mailbox = [];
        }

        mailbox.Add((await OctetsAsync(content), [.. action.Flags, "$HasNoAttachment"])); // which the store of these cases adds by itself
    }

    public async ValueTask SendAsync(string reversePath, IReadOnlyList<string> recipients, MessageContent content, CancellationToken cancellationToken) =>
        Sent.AddRange((await Task.WhenAll(recipients.Select(async to => (reversePath, (IReadOnlyList<string>)[to], await OctetsAsync(content)))))!);

    public ValueTask RedirectAsync(string address, MessageContent content, CancellationToken cancellationToken) => SendAsync("", [address], content, cancellationToken);

    public string NotificationSender(SieveEnvelope envelope, string? asked) => Settings.GetValueOrDefault("sieve_notify_mailto_envelope_from") switch
    {
        "sender" => envelope.From ?? "",
        "recipient" => envelope.To ?? "",
        "user_email" => OwnAddress,
        _ => asked ?? "postmaster@example.test",
    };

    public ValueTask<bool> WasAnsweredAsync(string sender, string handle, ulong seconds, CancellationToken cancellationToken) => new(false);

    private static async Task<byte[]> OctetsAsync(MessageContent content)
    {
        await using var stream = content.OpenRead();
        using var octets = new MemoryStream();
        await stream.CopyToAsync(octets);
        return octets.ToArray();
    }

    private string? ListFile(string list)
    {
        var name = list.StartsWith("urn:ietf:params:sieve:addrbook:", StringComparison.OrdinalIgnoreCase) ? ":addrbook:" + list[31..] : list;
        return Settings.GetValueOrDefault("sieve_extlists_list", "").Split(' ').Contains(name) ? Settings.GetValueOrDefault($"sieve_extlists_list/{name}/dict/file/path", "") : null;
    }

    /// <summary>"Header: pattern" as the test's settings say it; the first group of the pattern, or all.</summary>
    private string? Value(SieveMessage message, string setting)
    {
        if (Settings.GetValueOrDefault(setting) is not { Length: > 0 } rule)
        {
            return null;
        }

        var parts = rule.Split(':', 2);
        if (message.Named(parts[0].Trim()).FirstOrDefault()?.Value is not { } value)
        {
            return null;
        }

        if (parts.Length < 2)
        {
            return value;
        }

        var match = Regex.Match(value, "^" + parts[1].Trim(), RegexOptions.None, TimeSpan.FromSeconds(5));
        return !match.Success ? null : match.Groups.Count > 1 ? match.Groups[1].Value : match.Value;
    }

    private double? Maximum(SieveMessage message) =>
        double.TryParse(Value(message, "sieve_spamtest_score_max_header") ?? Settings.GetValueOrDefault("sieve_spamtest_score_max_value", ""), CultureInfo.InvariantCulture, out var most) && most > 0 ? most : null;

    private int? Text(SieveMessage message, string setting, int most)
    {
        var kind = setting.Contains("virus", StringComparison.Ordinal) ? "virustest" : "spamtest";
        if (Settings.GetValueOrDefault($"sieve_{kind}_status_type") != "text")
        {
            return null;
        }

        var value = Value(message, $"sieve_{kind}_status_header");
        return Enumerable.Range(0, most + 1).FirstOrDefault(n => value is not null && Settings.GetValueOrDefault($"{setting}/{n}") == value);
    }

    /// <summary>Path of a file named in a test.</summary>
    public string Path(string name) => System.IO.Path.Combine(folder, name);

    public static string Latin(byte[] octets) => OctetText.Read(octets);

    public static byte[] Octets(string text) => OctetText.Write(Regex.Replace(text, "(?<!\r)\n", "\r\n", RegexOptions.None, TimeSpan.FromSeconds(5)));

    public static Encoding Utf8 => Encoding.UTF8;
}
