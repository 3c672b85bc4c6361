namespace MailPlus.Web.Mail.Settings;

/// <summary>Somebody mail was sent to, for suggestions (WEB-040).</summary>
/// <param name="Name">Display name, "" when there was none.</param>
/// <param name="Address">Address.</param>
/// <param name="Times">How often.</param>
public sealed record RecentRecipient(string Name, string Address, int Times);

/// <summary>What a user set for the webmail.</summary>
public sealed record MailPreferences
{
    /// <summary>Lines put under new messages, plain text; "" for none.</summary>
    public string Signature { get; init; } = "";

    /// <summary>Pictures from other servers are always fetched (WEB-053).</summary>
    public bool AlwaysShowImages { get; init; }

    /// <summary>Senders whose pictures are always fetched, lower-case addresses.</summary>
    public IReadOnlyList<string> ImageSenders { get; init; } = [];

    /// <summary>HTML messages are darkened in the dark theme.</summary>
    public bool DarkMessages { get; init; }

    /// <summary>People mail was sent to, the most frequent first; at most 300.</summary>
    public IReadOnlyList<RecentRecipient> Recent { get; init; } = [];

    /// <summary>Whether a sender's pictures are fetched without asking.</summary>
    public bool ShowsImagesOf(string address) => AlwaysShowImages || ImageSenders.Contains(address.ToLowerInvariant(), StringComparer.Ordinal);

    /// <summary>With a sender whose pictures are always fetched.</summary>
    public MailPreferences Allowing(string address) =>
        address.Length == 0 || ShowsImagesOf(address) ? this : this with { ImageSenders = [.. ImageSenders.TakeLast(999), address.ToLowerInvariant()] };

    /// <summary>With people just written to.</summary>
    public MailPreferences WrittenTo(IEnumerable<(string Name, string Address)> people)
    {
        var recent = Recent.ToDictionary(person => person.Address.ToLowerInvariant(), StringComparer.Ordinal);
        foreach (var (name, address) in people)
        {
            var key = address.ToLowerInvariant();
            recent[key] = recent.TryGetValue(key, out var known)
                ? known with { Times = known.Times + 1, Name = name.Length > 0 ? name : known.Name }
                : new RecentRecipient(name, address, 1);
        }

        return this with { Recent = [.. recent.Values.OrderByDescending(person => person.Times).Take(300)] };
    }
}
