namespace MailPlus.Web.Shared;

/// <summary>Marks the resources with the words every page uses: Save, Cancel, Delete…</summary>
public sealed class Words;
