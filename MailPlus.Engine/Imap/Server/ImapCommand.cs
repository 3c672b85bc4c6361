using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Server;

/// <summary>States of a session (RFC 3501 3) a command may be given in.</summary>
[Flags]
internal enum SessionStates
{
    NotAuthenticated = 1,
    Authenticated = 2,
    Selected = 4,
    SignedIn = Authenticated | Selected,
    Any = NotAuthenticated | SignedIn,
}

/// <summary>Which untagged news of the selected mailbox may come before the tagged response (mail-rules 8).</summary>
internal enum NewsKind
{
    /// <summary>None: the command has its own say.</summary>
    Nothing,

    /// <summary>Everything that leaves sequence numbers alone.</summary>
    KeepNumbers,

    /// <summary>Everything.</summary>
    All,
}

/// <summary>Status of a tagged response.</summary>
internal enum CompletionStatus
{
    Ok,
    No,
    Bad,
}

/// <summary>The tagged response of a command.</summary>
/// <param name="Status">OK, NO or BAD.</param>
/// <param name="Text">Text for people.</param>
/// <param name="Code">Response code without brackets, null for none.</param>
internal readonly record struct Completion(CompletionStatus Status, string Text, string? Code = null)
{
    public static Completion Ok(string text, string? code = null) => new(CompletionStatus.Ok, text, code);

    public static Completion No(string text, string? code = null) => new(CompletionStatus.No, text, code);

    public static Completion Bad(string text, string? code = null) => new(CompletionStatus.Bad, text, code);
}

/// <summary>A command of the table: when it may be given, what may be said beside its answer, and what it does.</summary>
internal abstract class ImapCommand(string name, SessionStates states, NewsKind news = NewsKind.All)
{
    /// <summary>Name in capitals; "UID FETCH" for a UID form.</summary>
    public string Name => name;

    public SessionStates States => states;

    public NewsKind News => news;

    /// <summary>Speaks in sequence numbers, which UIDONLY forbids (RFC 9586 3).</summary>
    public bool UsesNumbers => name is "FETCH" or "STORE" or "SEARCH" or "SORT" or "THREAD" or "COPY" or "MOVE" or "REPLACE";

    /// <summary>Does it. Untagged responses are written on the way; the tagged one is returned.</summary>
    public abstract ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken);
}
