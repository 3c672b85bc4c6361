namespace MailPlus.Web.Admin.Policies;

/// <summary>Names and effects of the ten settings of a policy.</summary>
public sealed class PolicyWords;
