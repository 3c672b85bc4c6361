namespace MailPlus.Web.Mail.Folders;

/// <summary>What the user wants to do with a folder.</summary>
public enum FolderQuestionKind
{
    /// <summary>Make one, below the folder when there is one.</summary>
    Create,

    /// <summary>Rename it.</summary>
    Rename,

    /// <summary>Remove it.</summary>
    Delete,

    /// <summary>Remove all its messages for good.</summary>
    Empty,
}

/// <summary>A question the folder dialog asks.</summary>
/// <param name="Kind">What.</param>
/// <param name="Folder">Which; null for a new folder at the top.</param>
public sealed record FolderQuestion(FolderQuestionKind Kind, Folder? Folder);
