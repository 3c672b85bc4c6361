using System.Globalization;
using System.Resources;
using MailPlus.Engine.Primitives;
using Microsoft.Extensions.Localization;

namespace MailPlus.Web.Shared;

/// <summary>
/// Says a refusal in the viewer's language: the one place where an expected no becomes words on a page (design rule 5).
/// The page's own wording comes first, then the engine's, then what the kind alone can tell.
/// </summary>
public sealed class RefusalTexts(IStringLocalizer<RefusalTexts> own)
{
    private readonly ResourceManager _engine = new("MailPlus.Engine.Primitives.Refusals", typeof(Refusal).Assembly);

    /// <summary>What happened and what to do, for the person who asked.</summary>
    public string Of(Refusal refusal)
    {
        object[] arguments = [.. refusal.Arguments];
        var exact = own[refusal.TextKey, arguments];
        return !exact.ResourceNotFound ? exact
            : _engine.GetString(refusal.TextKey, CultureInfo.CurrentUICulture) is { } text ? string.Format(CultureInfo.CurrentCulture, text, arguments)
            : own[$"Kind{refusal.Kind}", arguments];
    }
}
