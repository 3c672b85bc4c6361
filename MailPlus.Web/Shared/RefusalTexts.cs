using MailPlus.Engine.Primitives;
using Microsoft.Extensions.Localization;

namespace MailPlus.Web.Shared;

/// <summary>Says a refusal in the viewer's language: the one place where an expected no becomes words on a page (design rule 5).</summary>
public sealed class RefusalTexts(IStringLocalizer<RefusalTexts> own)
{
    /// <summary>What happened and what to do, for the person who asked.</summary>
    public string Of(Refusal refusal)
    {
        object[] arguments = [.. refusal.Arguments];
        var exact = own[refusal.TextKey, arguments];
        return exact.ResourceNotFound ? own[$"Kind{refusal.Kind}", arguments] : exact;
    }
}
