using System.Text;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Imap.Wire;

/// <summary>Ways to name mailboxes (RFC 5465 6, RFC 7377 2.2).</summary>
internal enum MailboxFilterKind
{
    /// <summary>The selected mailbox.</summary>
    Selected,

    /// <summary>The selected mailbox; removals wait for a command (NOTIFY only).</summary>
    SelectedDelayed,

    /// <summary>Where mail may be delivered: filters may file into any mailbox, so all of them (RFC 5465 6.3).</summary>
    Inboxes,

    /// <summary>All mailboxes of the account.</summary>
    Personal,

    /// <summary>Those in the subscription list.</summary>
    Subscribed,

    /// <summary>Those named and all below them.</summary>
    Subtree,

    /// <summary>Those named and their direct inferiors (ESEARCH only).</summary>
    SubtreeOne,

    /// <summary>Those named.</summary>
    Mailboxes,
}

/// <summary>One way with its names.</summary>
internal sealed record MailboxFilter(MailboxFilterKind Kind, IReadOnlyList<string> Names)
{
    private const int MaxNames = 500;

    public bool IsSelected => Kind is MailboxFilterKind.Selected or MailboxFilterKind.SelectedDelayed;

    public static MailboxFilter Read(ref ArgumentReader reader)
    {
        var kind = reader.Word() switch
        {
            "SELECTED" => MailboxFilterKind.Selected,
            "SELECTED-DELAYED" => MailboxFilterKind.SelectedDelayed,
            "INBOXES" => MailboxFilterKind.Inboxes,
            "PERSONAL" => MailboxFilterKind.Personal,
            "SUBSCRIBED" => MailboxFilterKind.Subscribed,
            "SUBTREE" => MailboxFilterKind.Subtree,
            "SUBTREE-ONE" => MailboxFilterKind.SubtreeOne,
            "MAILBOXES" => MailboxFilterKind.Mailboxes,
            _ => throw new SyntaxException("Unknown mailbox specifier"),
        };
        if (kind is not (MailboxFilterKind.Subtree or MailboxFilterKind.SubtreeOne or MailboxFilterKind.Mailboxes))
        {
            return new MailboxFilter(kind, []);
        }

        reader.Space();
        var names = new List<string>();
        var isList = reader.TryTake((byte)'(');
        do
        {
            names.Add(names.Count < MaxNames ? Normalise(reader.Mailbox()) : throw new SyntaxException("Too many mailboxes"));
        }
        while (isList && reader.TryTake((byte)' '));
        if (isList)
        {
            reader.Take((byte)')');
        }

        return new MailboxFilter(kind, names);
    }

    /// <summary>Whether a mailbox that is not meant as the selected one is named. Personal ones are the account's own (RFC 5465 6.3, 6.4).</summary>
    public bool Covers(string name, bool isSubscribed, bool isOwn) => Kind switch
    {
        MailboxFilterKind.Inboxes or MailboxFilterKind.Personal => isOwn,
        MailboxFilterKind.Subscribed => isSubscribed,
        MailboxFilterKind.Mailboxes => Names.Contains(name),
        MailboxFilterKind.Subtree => Names.Any(n => n == name || IsInferior(name, n)),
        MailboxFilterKind.SubtreeOne => Names.Any(n => n == name || (IsInferior(name, n) && name.IndexOf('/', n.Length + 1) < 0)),
        _ => false,
    };

    private static bool IsInferior(string name, string superior) => name.Length > superior.Length + 1 && name[superior.Length] == '/' && name.StartsWith(superior, StringComparison.Ordinal);

    /// <summary>A name as mailboxes are kept: composed, INBOX in capitals also above others. Halves of surrogate pairs name nothing.</summary>
    private static string Normalise(string name)
    {
        var whole = name.StartsWith("INBOX/", StringComparison.OrdinalIgnoreCase) ? "INBOX" + name[5..] : name;
        return UnicodeText.Normalised(whole, NormalizationForm.FormC);
    }
}
