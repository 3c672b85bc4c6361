using MailPlus.Engine.Store.Contract;

namespace MailPlus.Web.Mail.Folders;

/// <summary>A mailbox as the pane shows it.</summary>
/// <param name="Mailbox">The mailbox.</param>
/// <param name="NameKey">Key of its name in FolderNames.resx for a standard folder, null when the user named it.</param>
/// <param name="Name">The last level of the user's name.</param>
/// <param name="Depth">Levels below the top.</param>
public sealed record Folder(Mailbox Mailbox, string? NameKey, string Name, int Depth)
{
    /// <summary>A standard folder is neither renamed nor removed (WEB-064).</summary>
    public bool IsStandard => NameKey is not null;

    /// <summary>Drawing of <see cref="Shared.IconShapes"/>.</summary>
    public string Icon => NameKey switch
    {
        "Inbox" => "inbox",
        "Drafts" => "draft",
        "Sent" => "send",
        "Junk" => "spam",
        "Trash" => "delete",
        "Archive" => "archive",
        _ => "folder",
    };
}

/// <summary>Standard folders first, in the order people look for them, then the user's own as a tree.</summary>
public static class FolderOrder
{
    private static readonly string[] Standard = ["Inbox", "Drafts", "Sent", "Archive", "Junk", "Trash"];

    /// <summary>Orders.</summary>
    public static IReadOnlyList<Folder> Of(IReadOnlyList<Mailbox> mailboxes)
    {
        var standard = new List<Folder>();
        var own = new List<Mailbox>();
        foreach (var mailbox in mailboxes)
        {
            if (KeyOf(mailbox) is { } key && mailbox.Selectable)
            {
                standard.Add(new Folder(mailbox, key, mailbox.Name, 0));
            }
            else
            {
                own.Add(mailbox);
            }
        }

        // Level by level, so that "a/b" follows "a" even where a name like "a b" sorts between them.
        own.Sort((x, y) => CompareLevels(x.Name.Split('/'), y.Name.Split('/')));
        return
        [
            .. standard.OrderBy(folder => Array.IndexOf(Standard, folder.NameKey)),
            .. own.Select(mailbox => new Folder(mailbox, null, mailbox.Name[(mailbox.Name.LastIndexOf('/') + 1)..], mailbox.Name.Count(c => c == '/'))),
        ];
    }

    /// <summary>Key of a standard folder's name, null for a folder of the user's own.</summary>
    public static string? KeyOf(Mailbox mailbox) =>
        mailbox.Name == "INBOX" ? "Inbox" : mailbox.SpecialUse == SpecialUse.None ? null : mailbox.SpecialUse.ToString();

    private static int CompareLevels(string[] x, string[] y)
    {
        for (var level = 0; level < Math.Min(x.Length, y.Length); level++)
        {
            var order = string.Compare(x[level], y[level], StringComparison.CurrentCultureIgnoreCase);
            order = order != 0 ? order : string.CompareOrdinal(x[level], y[level]);
            if (order != 0)
            {
                return order;
            }
        }

        return x.Length - y.Length;
    }
}
