using System.Net;

namespace MailPlus.Engine.MailAuth.Spf;

/// <summary>The mechanisms of RFC 7208 5.</summary>
internal enum SpfMechanism
{
    /// <summary>Matches always.</summary>
    All,

    /// <summary>Matches when another domain's policy passes.</summary>
    Include,

    /// <summary>Matches an address of the name.</summary>
    A,

    /// <summary>Matches an address of an exchanger of the name.</summary>
    Mx,

    /// <summary>Matches a validated reverse name.</summary>
    Ptr,

    /// <summary>Matches a network.</summary>
    Ip4,

    /// <summary>Matches a network.</summary>
    Ip6,

    /// <summary>Matches when the name has an address.</summary>
    Exists,
}

/// <summary>A mechanism with its qualifier.</summary>
/// <param name="Mechanism">Which.</param>
/// <param name="Result">What a match means.</param>
internal sealed record SpfDirective(SpfMechanism Mechanism, AuthResult Result)
{
    /// <summary>The domain-spec, null where the current domain is meant.</summary>
    public SpfMacroString? Domain { get; init; }

    /// <summary>Network of ip4 and ip6.</summary>
    public IPNetwork Network { get; init; }

    /// <summary>Prefix length for IPv4 clients.</summary>
    public int Prefix4 { get; init; } = 32;

    /// <summary>Prefix length for IPv6 clients.</summary>
    public int Prefix6 { get; init; } = 128;

    /// <summary>As written, for logs.</summary>
    public string Text { get; init; } = "";

    /// <summary>It costs one of the ten look-ups (RFC 7208 4.6.4).</summary>
    public bool AsksDns => Mechanism is SpfMechanism.Include or SpfMechanism.A or SpfMechanism.Mx or SpfMechanism.Ptr or SpfMechanism.Exists;
}

/// <summary>A policy that was read without fault.</summary>
/// <param name="Directives">Mechanisms in order.</param>
internal sealed record SpfRecord(IReadOnlyList<SpfDirective> Directives)
{
    /// <summary>redirect=, null when absent.</summary>
    public SpfMacroString? Redirect { get; init; }

    /// <summary>exp=, null when absent.</summary>
    public SpfMacroString? Explanation { get; init; }
}
