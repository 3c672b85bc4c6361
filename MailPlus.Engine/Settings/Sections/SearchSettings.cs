namespace MailPlus.Engine.Settings.Sections;

/// <summary>Full-text search (DEL-030 to DEL-036).</summary>
public sealed record SearchSettings
{
    /// <summary>Mail is indexed, so that searches need not read it; off removes the index, and searches read all mail.</summary>
    [Setting]
    public bool Enabled { get; init; } = true;

    /// <summary>Single characters inside Chinese, Japanese and Korean words are found; a change makes the index anew.</summary>
    [Setting]
    public bool CharacterSearch { get; init; }
}
