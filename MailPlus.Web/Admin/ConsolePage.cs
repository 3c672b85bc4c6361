using MailPlus.Engine.Primitives;

namespace MailPlus.Web.Admin;

/// <summary>One entry of the console's menu.</summary>
/// <param name="Name">Key of its name in <c>ConsolePages.resx</c>.</param>
/// <param name="Address">Path of the page.</param>
/// <param name="Icon">Its drawing.</param>
/// <param name="Needs">The right without which it is not offered; the page's operations check it again.</param>
internal sealed record ConsolePage(string Name, string Address, string Icon, Permission Needs)
{
    /// <summary>Key of the heading it stands under, null for none.</summary>
    public string? Group { get; init; }

    /// <summary>Never offered to those who only have rights delegated to them.</summary>
    public bool ForAdministrators { get; init; }
}
