namespace MailPlus.Engine.Settings.Sections;

/// <summary>Which addresses count as the local network, the same everywhere (mail-rules 18).</summary>
public sealed record NetworkSettings
{
    /// <summary>Private networks of this host's own interfaces count as local; those of bridges for containers do not.</summary>
    [Setting]
    public bool DetectLocalNetworks { get; init; } = true;

    /// <summary>Further local networks or addresses; private ones only.</summary>
    [Setting]
    public IReadOnlyList<string> LocalNetworks { get; init; } = [];
}
