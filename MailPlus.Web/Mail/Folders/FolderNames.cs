using Microsoft.Extensions.Localization;

namespace MailPlus.Web.Mail.Folders;

/// <summary>Marks the resources with the names of the standard folders.</summary>
public sealed class FolderNames;

/// <summary>Names of folders for people.</summary>
public static class FolderNaming
{
    /// <summary>A standard folder's name in the user's language, else the user's own name.</summary>
    public static string Of(this IStringLocalizer<FolderNames> names, Folder folder) => folder.NameKey is { } key ? names[key] : folder.Name;
}
