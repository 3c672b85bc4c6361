namespace MailPlus.Web.Admin.Service;

/// <summary>Marks the resources with the label of each setting ("Service.Smtp") and its effect in one line ("Service.Smtp.Effect").</summary>
public sealed class SettingLabels;
