namespace MailPlus.Engine.Settings.Sections;

/// <summary>Mail Delivery &gt; Security &gt; Black and White Lists (DEL-060 to DEL-083).</summary>
public sealed record AccessSettings
{
    /// <summary>Mail that is rejected or discarded.</summary>
    [Setting]
    public IReadOnlyList<AccessRule> BlackList { get; init; } = [];

    /// <summary>Mail that skips checks; a hit here goes before the black list.</summary>
    [Setting]
    public IReadOnlyList<AccessRule> WhiteList { get; init; } = [];
}
