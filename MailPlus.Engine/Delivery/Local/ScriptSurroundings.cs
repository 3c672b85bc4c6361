using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Sieve.Runtime;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Delivery.Local;

/// <summary>What a script may ask at a delivery: the account's mailboxes and annotations, what was seen before, where it runs.</summary>
internal sealed class ScriptSurroundings(DeliverySurroundings around, IAccountStore mail, Account? account, LocalMessage message) : ISieveSurroundings
{
    private readonly List<ScriptMemory> _seen = [];

    /// <summary>Messages this run has seen, to be remembered when it has ended well.</summary>
    public IReadOnlyList<ScriptMemory> Seen => _seen;

    public DateTimeOffset Now => Localize(around.Clock.GetUtcNow());

    public IReadOnlyList<string> OwnAddresses { get; } = [.. account?.Addresses.Select(address => address.ToString()) ?? []];

    public DateTimeOffset Localize(DateTimeOffset moment) => TimeZoneInfo.ConvertTime(moment, around.Clock.LocalTimeZone);

    public async ValueTask<bool> MailboxExistsAsync(string name, CancellationToken cancellationToken) => await mail.FindAsync(name, cancellationToken) is { Selectable: true };

    public async ValueTask<bool> SpecialUseExistsAsync(string? mailbox, string attribute, CancellationToken cancellationToken)
    {
        var use = UseOf(attribute);
        return use != SpecialUse.None && (mailbox is null ? await mail.FindAsync(use, cancellationToken) is not null : (await mail.FindAsync(mailbox, cancellationToken))?.SpecialUse == use);
    }

    public async ValueTask<bool> MailboxIdExistsAsync(string id, CancellationToken cancellationToken) => await ByIdAsync(mail, id, cancellationToken) is { Selectable: true };

    public async ValueTask<string?> AnnotationAsync(string? mailbox, string entry, CancellationToken cancellationToken)
    {
        MailboxId? id = null;
        if (mailbox is not null)
        {
            if (await mail.FindAsync(mailbox, cancellationToken) is not { } found)
            {
                return null;
            }

            id = found.Id;
        }

        var annotations = await mail.AnnotationsAsync(id, mail.Account, cancellationToken);
        return annotations.FirstOrDefault(annotation => annotation.Entry.Equals(entry, StringComparison.OrdinalIgnoreCase))?.Value is { } value ? Encoding.UTF8.GetString(value.Span) : null;
    }

    public async ValueTask<bool> IsDuplicateAsync(DuplicateKey key, CancellationToken cancellationToken)
    {
        var hash = Hash("duplicate", key.Handle, key.Id);
        var known = await mail.RecallAsync(hash, cancellationToken);
        var isDuplicate = known is not null && known.Entry != message.Entry.Id;
        if (!isDuplicate || key.FromLast)
        {
            var expires = Instant.Now(around.Clock).Plus(TimeSpan.FromSeconds(key.Seconds));
            _seen.Add(new ScriptMemory(hash, expires, isDuplicate ? known!.Entry : message.Entry.Id));
        }

        return isDuplicate;
    }

    public bool KnowsList(string list) => false;

    public ValueTask<bool> IsListedAsync(string list, string value, CancellationToken cancellationToken) => new(false);

    /// <summary>RFC 5183 4.1.</summary>
    public string? Environment(string item) => item switch
    {
        "domain" => around.Settings.Current.Smtp.Hostname is var host && host.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot ? host[(dot + 1)..] : "",
        "host" => around.Settings.Current.Smtp.Hostname,
        "location" => "MDA",
        "name" => "MailPlus",
        "phase" => "during",
        "version" => typeof(ScriptSurroundings).Assembly.GetName().Version?.ToString(3),
        "remote-host" or "remote-ip" => "",
        _ => null,
    };

    public static SpecialUse UseOf(string attribute) => Enum.TryParse<SpecialUse>(attribute.TrimStart('\\'), ignoreCase: true, out var use) && !char.IsAsciiDigit(attribute[^1]) ? use : SpecialUse.None;

    /// <summary>A mailbox by the id that IMAP says (RFC 9042, RFC 8474).</summary>
    public static async ValueTask<Mailbox?> ByIdAsync(IAccountStore mail, string id, CancellationToken cancellationToken)
    {
        var prefix = string.Create(CultureInfo.InvariantCulture, $"F{mail.Account.Value}-");
        return id.StartsWith(prefix, StringComparison.Ordinal) && long.TryParse(id.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? (await mail.ListAsync(cancellationToken)).FirstOrDefault(mailbox => mailbox.Id.Value == number)
            : null;
    }

    /// <summary>The key of something remembered.</summary>
    public static byte[] Hash(params string[] parts) => SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', parts)));
}
