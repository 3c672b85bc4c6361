using System.Text;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>Rules of mailbox names: Unicode in NFC, '/' between levels, INBOX in any case is one name (RFC 3501 5.1).</summary>
internal static class MailboxName
{
    private const int MaxLevelOctets = 255;
    private const int MaxLevels = 20;
    private const string Inbox = "INBOX";

    /// <summary>The form that names are kept and found in, without a check.</summary>
    public static string Normalise(string name)
    {
        if (name.StartsWith(Inbox, StringComparison.OrdinalIgnoreCase) && (name.Length == Inbox.Length || name[Inbox.Length] == '/'))
        {
            name = Inbox + name[Inbox.Length..];
        }

        return UnicodeText.IsWellFormed(name) ? name.Normalize(NormalizationForm.FormC) : name;
    }

    /// <summary>Normalises a name to be made; one '/' at the end, which only says that inferiors will follow (RFC 3501 6.3.3), is dropped.</summary>
    /// <exception cref="RefusedException">Invalid.</exception>
    public static string ForCreation(string name)
    {
        var made = Normalise(name.EndsWith('/') ? name[..^1] : name);
        var levels = made.Split('/');
        if (levels.Length > MaxLevels || !UnicodeText.IsWellFormed(made) || made.Any(char.IsControl)
            || levels.Any(level => level.Length == 0 || Encoding.UTF8.GetByteCount(level) > MaxLevelOctets))
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "MailboxNameInvalid"));
        }

        return made;
    }

    /// <summary>Whether a name lies below another.</summary>
    public static bool IsInferior(string name, string superior) =>
        name.Length > superior.Length + 1 && name[superior.Length] == '/' && name.StartsWith(superior, StringComparison.Ordinal);

    /// <summary>The names above a name, highest first.</summary>
    public static IEnumerable<string> Superiors(string name)
    {
        for (var slash = name.IndexOf('/', StringComparison.Ordinal); slash > 0; slash = name.IndexOf('/', slash + 1))
        {
            yield return name[..slash];
        }
    }
}
