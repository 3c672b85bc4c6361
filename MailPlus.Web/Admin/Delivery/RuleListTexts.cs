namespace MailPlus.Web.Admin.Delivery;

/// <summary>Marks the resources of lists of rules and their editors.</summary>
public sealed class RuleListTexts;
