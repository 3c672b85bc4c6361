using System.Net;
using MailPlus.Engine.Net.Connections;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings.Sections;

namespace MailPlus.Engine.Filtering.Policy;

/// <summary>Tests that a hit in the white list skips.</summary>
[Flags]
public enum SkippedTests
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Lists of addresses in DNS.</summary>
    Dnsbl = 1,

    /// <summary>SPF.</summary>
    Spf = 2,

    /// <summary>Antivirus.</summary>
    Antivirus = 4,

    /// <summary>DKIM.</summary>
    Dkim = 8,

    /// <summary>DMARC.</summary>
    Dmarc = 16,

    /// <summary>The checks of the SMTP dialogue: black list, sender policy, client name, HELO, pipelining. Never who may relay.</summary>
    Restrictions = 32,

    /// <summary>Greylist.</summary>
    Greylist = 64,
}

/// <summary>What the lists look at: one recipient of one message.</summary>
/// <param name="Client">The client, null when there is none.</param>
/// <param name="Sender">The sender of the envelope, null for <c>&lt;&gt;</c>.</param>
/// <param name="Recipient">The recipient.</param>
public readonly record struct AccessQuestion(IPAddress? Client, EmailAddress? Sender, EmailAddress Recipient)
{
    /// <summary>The client has signed in or is trusted: only then does a white-listed sender of a domain hosted here count (mail-rules 21).</summary>
    public bool IsTrusted { get; init; }

    /// <summary>The sender's domain is hosted here.</summary>
    public bool IsOwnSender { get; init; }
}

/// <summary>The black and white lists, ready to be asked (DEL-060 to DEL-083). Envelope and client only: what the header claims counts for nothing.</summary>
public sealed class AccessLists
{
    private readonly List<Prepared> _black;
    private readonly List<Prepared> _white;

    /// <summary>Prepares the rules that are on.</summary>
    public AccessLists(AccessSettings settings)
    {
        Settings = settings;
        _black = [.. settings.BlackList.Where(rule => rule.Enabled && rule.Kind != AccessKind.Domain).Select(rule => new Prepared(rule))];
        _white = [.. settings.WhiteList.Where(rule => rule.Enabled).Select(rule => new Prepared(rule))];
    }

    /// <summary>What they were made of.</summary>
    public AccessSettings Settings { get; }

    /// <summary>What a rule of a kind skips: the table of the guide.</summary>
    public static SkippedTests SkippedBy(AccessKind kind) => kind switch
    {
        AccessKind.Ip => SkippedTests.Dnsbl | SkippedTests.Spf | SkippedTests.Antivirus | SkippedTests.Dkim | SkippedTests.Dmarc | SkippedTests.Restrictions | SkippedTests.Greylist,
        AccessKind.Subnet => SkippedTests.Dnsbl | SkippedTests.Spf | SkippedTests.Dkim | SkippedTests.Dmarc | SkippedTests.Restrictions | SkippedTests.Greylist,
        AccessKind.Domain => SkippedTests.Spf | SkippedTests.Antivirus | SkippedTests.Dkim | SkippedTests.Dmarc | SkippedTests.Restrictions | SkippedTests.Greylist,
        _ => SkippedTests.Spf | SkippedTests.Antivirus | SkippedTests.Restrictions | SkippedTests.Greylist,
    };

    /// <summary>All that the white list lets a recipient's copy skip.</summary>
    public SkippedTests Skipped(AccessQuestion question)
    {
        var skipped = SkippedTests.None;
        foreach (var rule in _white)
        {
            var bySender = rule.Rule.Kind is AccessKind.Sender or AccessKind.Domain;
            if ((!bySender || !question.IsOwnSender || question.IsTrusted) && rule.Hits(question))
            {
                skipped |= SkippedBy(rule.Rule.Kind);
            }
        }

        return skipped;
    }

    /// <summary>The rule of the black list that hits, null when none does or the white list goes before it. Of several, one that rejects: then the sender learns of it.</summary>
    public AccessRule? Blocked(AccessQuestion question)
    {
        var hits = _black.Where(rule => rule.Hits(question)).Select(rule => rule.Rule).ToList();
        return hits.Count == 0 || Skipped(question).HasFlag(SkippedTests.Restrictions) ? null : hits.Find(rule => rule.Action == AccessAction.Reject) ?? hits[0];
    }

    /// <summary>Whether the white list names a client by its address or network.</summary>
    public bool IsWhiteClient(IPAddress client) => _white.Exists(rule => rule.Rule.Kind is AccessKind.Ip or AccessKind.Subnet && rule.HitsClient(client));

    private sealed class Prepared
    {
        private readonly string _pattern;
        private readonly IPAddress? _address;
        private readonly IPNetwork? _network;

        public Prepared(AccessRule rule)
        {
            Rule = rule;
            _pattern = PatternOf(rule);
            _address = rule.Kind is AccessKind.Ip or AccessKind.Subnet && IPAddress.TryParse(rule.Match, out var address) ? AddressRanges.Plain(address) : null;
            _network = rule.Kind == AccessKind.Subnet && IPNetwork.TryParse(rule.Match, out var network) ? network : null;
        }

        public AccessRule Rule { get; }

        public bool Hits(AccessQuestion question) => Rule.Kind switch
        {
            AccessKind.Sender => question.Sender is { } sender && Wildcards.Match(_pattern, sender.Key),
            AccessKind.Recipient => Wildcards.Match(_pattern, question.Recipient.Key),
            AccessKind.Domain => question.Sender is { } sender && sender.Domain.Ascii == _pattern,
            _ => question.Client is { } client && HitsClient(client),
        };

        public bool HitsClient(IPAddress client)
        {
            var plain = AddressRanges.Plain(client);
            return _address is not null ? _address.Equals(plain) : _network?.Contains(plain) == true;
        }

        private static string PatternOf(AccessRule rule)
        {
            if (rule.Kind == AccessKind.Domain)
            {
                return DomainName.TryParse(rule.Match, out var domain) ? domain.Ascii : rule.Match;
            }

            // A domain written in its own letters is compared by the labels DNS has; one with wildcards is taken as it stands.
            var at = rule.Match.LastIndexOf('@');
            return at >= 0 && DomainName.TryParse(rule.Match[(at + 1)..], out var name)
                ? $"{rule.Match[..at].Normalize().ToLowerInvariant()}@{name.Ascii}"
                : rule.Match.Normalize().ToLowerInvariant();
        }
    }
}
