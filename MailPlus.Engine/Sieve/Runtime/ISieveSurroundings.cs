namespace MailPlus.Engine.Sieve.Runtime;

/// <summary>What a script may ask about the world while it runs. Nothing is changed by asking.</summary>
internal interface ISieveSurroundings
{
    /// <summary>The present moment in the account's time zone.</summary>
    DateTimeOffset Now { get; }

    /// <summary>A moment in the account's time zone.</summary>
    DateTimeOffset Localize(DateTimeOffset moment);

    /// <summary>What parts the user from the detail in a local part (RFC 5233).</summary>
    string AddressDelimiters => "+";

    /// <summary>Addresses at which the account takes mail (vacation's :addresses are added to them).</summary>
    IReadOnlyList<string> OwnAddresses => [];

    /// <summary>Whether a mailbox exists into which the account may deliver (RFC 5490 3.1).</summary>
    ValueTask<bool> MailboxExistsAsync(string name, CancellationToken cancellationToken);

    /// <summary>Whether a mailbox, or this one, has a special use (RFC 8579 3.1).</summary>
    ValueTask<bool> SpecialUseExistsAsync(string? mailbox, string attribute, CancellationToken cancellationToken);

    /// <summary>Whether a mailbox has this id (RFC 9042).</summary>
    ValueTask<bool> MailboxIdExistsAsync(string id, CancellationToken cancellationToken) => new(false);

    /// <summary>An annotation of a mailbox, or of the server when the mailbox is null; null when there is none (RFC 5490 3.3).</summary>
    ValueTask<string?> AnnotationAsync(string? mailbox, string entry, CancellationToken cancellationToken);

    /// <summary>Whether this was seen before; it is remembered when the run ends well (RFC 7352).</summary>
    ValueTask<bool> IsDuplicateAsync(DuplicateKey key, CancellationToken cancellationToken);

    /// <summary>Whether scripts must leave a header field alone.</summary>
    bool ProtectsHeader(string name, bool adds) => false;

    /// <summary>Whether there is a list of this name (RFC 6134 2.2).</summary>
    bool KnowsList(string list);

    /// <summary>Whether a value is in a list.</summary>
    ValueTask<bool> IsListedAsync(string list, string value, CancellationToken cancellationToken);

    /// <summary>An item of the environment (RFC 5183 4), null when unknown.</summary>
    string? Environment(string item);

    /// <summary>How much like spam, 0 to 100, null when nobody looked (RFC 5235 2).</summary>
    ValueTask<double?> SpamPercentAsync(SieveMessage message, CancellationToken cancellationToken) => new((double?)null);

    /// <summary>0 to 5 as RFC 5235 3 says, 0 when nobody looked.</summary>
    ValueTask<int> VirusAsync(SieveMessage message, CancellationToken cancellationToken) => new(0);
}

/// <summary>What "seen before" is asked about.</summary>
/// <param name="Handle">Keeps the tests of a script apart.</param>
/// <param name="Id">The unique id.</param>
/// <param name="Seconds">How long it is remembered.</param>
/// <param name="FromLast">The time begins anew at each duplicate.</param>
internal sealed record DuplicateKey(string Handle, string Id, ulong Seconds, bool FromLast);
