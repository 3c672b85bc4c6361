using MailPlus.Engine.Settings.Sections;

namespace MailPlus.Engine.Settings;

/// <summary>A list of rules that a setting holds: its name for people's tools, and how it is read and replaced.</summary>
/// <param name="Name">Name in verbs and REST, e.g. "black-list".</param>
/// <param name="Setting">The setting that holds it.</param>
public abstract record RuleBook(string Name, string Setting)
{
    /// <summary>Mail to be rejected or discarded.</summary>
    public static RuleBook<AccessRule> BlackList { get; } = new("black-list", "Access.BlackList", s => s.Access.BlackList, (s, rules) => s with { Access = s.Access with { BlackList = rules } });

    /// <summary>Mail that skips checks.</summary>
    public static RuleBook<AccessRule> WhiteList { get; } = new("white-list", "Access.WhiteList", s => s.Access.WhiteList, (s, rules) => s with { Access = s.Access with { WhiteList = rules } });

    /// <summary>Servers that may relay.</summary>
    public static RuleBook<TrustedHost> TrustedList { get; } =
        new("trusted-list", "RelayControl.TrustedList", s => s.RelayControl.TrustedList, (s, rules) => s with { RelayControl = s.RelayControl with { TrustedList = rules } });

    /// <summary>Domains mail is taken for.</summary>
    public static RuleBook<RelayDomain> InboundDomains { get; } =
        new("relay-domains", "RelayControl.InboundDomains", s => s.RelayControl.InboundDomains, (s, rules) => s with { RelayControl = s.RelayControl with { InboundDomains = rules } });

    /// <summary>Relay hosts by recipient and by sender.</summary>
    public static RuleBook<RelayRule> RelayHosts { get; } = new("relay-hosts", "Delivery.RelayRules", s => s.Delivery.RelayRules, (s, rules) => s with { Delivery = s.Delivery with { RelayRules = rules } });

    /// <summary>All there are.</summary>
    public static IReadOnlyList<RuleBook> All { get; } = [BlackList, WhiteList, TrustedList, InboundDomains, RelayHosts];

    internal abstract IReadOnlyList<INamedRule> ReadAny(SettingsSnapshot settings);

    internal abstract SettingsSnapshot WriteAny(SettingsSnapshot settings, IReadOnlyList<INamedRule> rules);

    /// <summary>A rule from JSON; null when it is none.</summary>
    internal abstract INamedRule? Parse(string json);
}

/// <inheritdoc cref="RuleBook"/>
/// <typeparam name="T">Its rules.</typeparam>
/// <param name="Name">Name in verbs and REST.</param>
/// <param name="Setting">The setting that holds it.</param>
/// <param name="Read">Its rules.</param>
/// <param name="Write">Other rules in their place.</param>
public sealed record RuleBook<T>(string Name, string Setting, Func<SettingsSnapshot, IReadOnlyList<T>> Read, Func<SettingsSnapshot, IReadOnlyList<T>, SettingsSnapshot> Write) : RuleBook(Name, Setting)
    where T : class, INamedRule
{
    internal override IReadOnlyList<INamedRule> ReadAny(SettingsSnapshot settings) => Read(settings);

    internal override SettingsSnapshot WriteAny(SettingsSnapshot settings, IReadOnlyList<INamedRule> rules) => Write(settings, [.. rules.Cast<T>()]);

    internal override INamedRule? Parse(string json) => RuleText.Parse(typeof(IReadOnlyList<T>), $"[{json}]", null) is IReadOnlyList<T> { Count: 1 } list ? list[0] : null;
}
