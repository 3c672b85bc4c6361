using MailPlus.Engine.Accounts.Activation;

namespace MailPlus.Web.Admin.Accounts;

/// <summary>Words for activation that User and Group share: the class of their resources.</summary>
internal sealed class ActivationWords
{
    private ActivationWords()
    {
    }

    /// <summary>The tone of a reason.</summary>
    public static string ToneOf(ActivationReason reason) => reason switch
    {
        ActivationReason.Activated => "good",
        ActivationReason.NoLicence or ActivationReason.Disabled or ActivationReason.NameNotSupported => "warn",
        _ => "",
    };
}
