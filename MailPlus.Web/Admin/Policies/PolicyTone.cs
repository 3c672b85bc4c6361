using MailPlus.Engine.Accounts.Policies;

namespace MailPlus.Web.Admin.Policies;

/// <summary>Colours of policies as tones of the theme, so that they suit light and dark.</summary>
internal static class PolicyTone
{
    internal static string Of(PolicyColor color) => color switch
    {
        PolicyColor.Blue => "note",
        PolicyColor.Green => "good",
        PolicyColor.Amber => "warn",
        PolicyColor.Red => "bad",
        PolicyColor.Violet => "special",
        _ => "",
    };
}
