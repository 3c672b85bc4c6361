namespace MailPlus.Web.Admin.Log;

/// <summary>Marks the resources that name administrative acts, by the keys the engine's events carry.</summary>
public sealed class AdminActionNames;
