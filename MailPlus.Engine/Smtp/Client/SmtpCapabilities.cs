using System.Globalization;

namespace MailPlus.Engine.Smtp.Client;

/// <summary>What a server said in its EHLO reply.</summary>
internal sealed record SmtpCapabilities
{
    /// <summary>Nothing: after HELO.</summary>
    public static SmtpCapabilities None { get; } = new();

    /// <summary>PIPELINING (RFC 2920).</summary>
    public bool Pipelining { get; private init; }

    /// <summary>8BITMIME (RFC 6152).</summary>
    public bool EightBitMime { get; private init; }

    /// <summary>SMTPUTF8 (RFC 6531).</summary>
    public bool SmtpUtf8 { get; private init; }

    /// <summary>DSN (RFC 3461).</summary>
    public bool Dsn { get; private init; }

    /// <summary>DELIVERBY (RFC 2852).</summary>
    public bool DeliverBy { get; private init; }

    /// <summary>The shortest time it takes on with by-mode R, 0 when it names none.</summary>
    public int ShortestTime { get; private init; }

    /// <summary>MT-PRIORITY (RFC 6710).</summary>
    public bool Priority { get; private init; }

    /// <summary>REQUIRETLS (RFC 8689).</summary>
    public bool RequireTls { get; private init; }

    /// <summary>STARTTLS (RFC 3207).</summary>
    public bool StartTls { get; private init; }

    /// <summary>SIZE was offered (RFC 1870).</summary>
    public bool Size { get; private init; }

    /// <summary>Its largest message in octets, 0 when it names none.</summary>
    public long MaximumSize { get; private init; }

    /// <summary>Recipients a transaction may have (LIMITS RCPTMAX, RFC 9422), 0 when it does not say.</summary>
    public int MaximumRecipients { get; private init; }

    /// <summary>Transactions a session may have (LIMITS MAILMAX, RFC 9422), 0 when it does not say.</summary>
    public int MaximumMessages { get; private init; }

    /// <summary>SASL mechanisms, upper case.</summary>
    public IReadOnlyList<string> Mechanisms { get; private init; } = [];

    /// <summary>Reads an EHLO reply; unknown lines are passed over.</summary>
    public static SmtpCapabilities Parse(SmtpReply reply)
    {
        var found = new SmtpCapabilities();
        foreach (var line in reply.Lines.Skip(1))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (words.Length == 0)
            {
                continue;
            }

            found = words[0].ToUpperInvariant() switch
            {
                "PIPELINING" => found with { Pipelining = true },
                "8BITMIME" => found with { EightBitMime = true },
                "SMTPUTF8" => found with { SmtpUtf8 = true },
                "DSN" => found with { Dsn = true },
                "DELIVERBY" => found with { DeliverBy = true, ShortestTime = words.Length > 1 && int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var time) ? time : 0 },
                "REQUIRETLS" => found with { RequireTls = true },
                "MT-PRIORITY" => found with { Priority = true },
                "STARTTLS" => found with { StartTls = true },
                "SIZE" => found with { Size = true, MaximumSize = words.Length > 1 && long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : 0 },
                "LIMITS" => found with { MaximumRecipients = Limit(words, "RCPTMAX="), MaximumMessages = Limit(words, "MAILMAX=") },
                "AUTH" => found with { Mechanisms = [.. words.Skip(1).Select(w => w.ToUpperInvariant())] },
                _ => found,
            };
        }

        return found;
    }

    /// <summary>RFC 9422 4: a limit that is not understood is as if it were not there.</summary>
    private static int Limit(string[] words, string name) =>
        words.FirstOrDefault(w => w.StartsWith(name, StringComparison.OrdinalIgnoreCase)) is { } word && int.TryParse(word.AsSpan(name.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit : 0;
}
