namespace MailPlus.Engine.Primitives;

/// <summary>An account: a mailbox owner or a shared mailbox. Positive, never reused (a row id of the system database).</summary>
public readonly record struct AccountId(long Value)
{
    /// <summary>Decimal digits; also the name of the account's folder under <c>accounts/</c>.</summary>
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>A mailbox (an IMAP folder) inside one account. Positive, never reused inside the account.</summary>
public readonly record struct MailboxId(long Value);

/// <summary>A group of accounts: a row id of the system database.</summary>
public readonly record struct GroupId(long Value);

/// <summary>A user policy: a row id of the system database.</summary>
public readonly record struct PolicyId(long Value);

/// <summary>A hosted domain: a row id of the system database.</summary>
public readonly record struct DomainId(long Value);

/// <summary>An entry of the queue: one accepted message with its recipients. Shown to people as base-32 digits.</summary>
public readonly record struct EntryId(long Value)
{
    /// <summary>The queue id that replies, logs and the Queue page show.</summary>
    public override string ToString() => Value.ToString("X", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    public static bool TryParse(string? text, out EntryId id)
    {
        var ok = long.TryParse(text, System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture, out var value) && value > 0;
        id = new EntryId(ok ? value : 0);
        return ok;
    }
}

/// <summary>Unique identifier of a message in a mailbox (RFC 3501 2.3.1.1): 1 to 4,294,967,295, strictly ascending, never reused under one UIDVALIDITY.</summary>
public readonly record struct Uid(uint Value) : IComparable<Uid>
{
    /// <inheritdoc/>
    public int CompareTo(Uid other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Ascending order of UIDs.</summary>
    public static bool operator <(Uid a, Uid b) => a.Value < b.Value;

    /// <summary>Ascending order of UIDs.</summary>
    public static bool operator >(Uid a, Uid b) => a.Value > b.Value;

    /// <summary>Ascending order of UIDs.</summary>
    public static bool operator <=(Uid a, Uid b) => a.Value <= b.Value;

    /// <summary>Ascending order of UIDs.</summary>
    public static bool operator >=(Uid a, Uid b) => a.Value >= b.Value;
}

/// <summary>Modification sequence (RFC 7162): 1 to 2^63-1, one counter per account, so it also orders changes across mailboxes.</summary>
public readonly record struct ModSeq(long Value) : IComparable<ModSeq>
{
    /// <inheritdoc/>
    public int CompareTo(ModSeq other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>An instant as whole microseconds since 1970-01-01 UTC: the form in which every database keeps time.</summary>
public readonly record struct Instant(long Microseconds) : IComparable<Instant>
{
    /// <summary>From a clock reading; sub-microsecond digits are cut.</summary>
    public static Instant From(DateTimeOffset time) => new((time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / 10);

    /// <summary>The present, by the given clock.</summary>
    public static Instant Now(TimeProvider clock) => From(clock.GetUtcNow());

    /// <summary>As a UTC time.</summary>
    public DateTimeOffset ToDateTimeOffset() => new(DateTimeOffset.UnixEpoch.Ticks + Microseconds * 10, TimeSpan.Zero);

    /// <summary>This instant moved by a span.</summary>
    public Instant Plus(TimeSpan span) => new(Microseconds + span.Ticks / 10);

    /// <inheritdoc/>
    public int CompareTo(Instant other) => Microseconds.CompareTo(other.Microseconds);
}
