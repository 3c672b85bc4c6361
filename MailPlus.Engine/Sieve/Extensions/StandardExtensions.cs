using MailPlus.Engine.Sieve.Runtime;

namespace MailPlus.Engine.Sieve.Extensions;

/// <summary>The list of everything the language knows here; one line to add an extension.</summary>
internal static class StandardExtensions
{
    public static IReadOnlyList<SieveExtension> All { get; } =
    [
        BaseCommands.Extension,
        BaseTests.Extension,
        BaseCommands.FileInto,
        BaseTests.Envelope,
        Only("comparator-i;octet"),
        Only("comparator-i;ascii-casemap"),
        Only("comparator-i;ascii-numeric"),
        Only("comparator-i;unicode-casemap"),
        Only("copy"),
        Only("encoded-character"),
        Only("index"),
        Only("regex"),
        Only("relational"),
        Only("subaddress"),
        BodyExtension.Extension,
        DateExtension.Extension,
        DuplicateExtension.Extension,
        EditHeader.Extension,
        MimeLoop.Enclose,
        EnotifyExtension.Extension,
        EnvironmentExtension.Extension,
        Reject.Extended,
        ExternalLists.Extension,
        MimeLoop.ExtractText,
        FileCarbonCopies.Extension,
        MimeLoop.ForEveryPart,
        IhaveExtension.Extension,
        Imap4Flags.Extension,
        IncludeExtension.Extension,
        MailboxExtensions.Mailbox,
        MailboxExtensions.MailboxId,
        MailboxExtensions.MailboxMetadata,
        MimeLoop.Mime,
        Reject.Extension,
        MimeLoop.Replace,
        MailboxExtensions.ServerMetadata,
        SpamTests.Spam,
        SpamTests.SpamPlus,
        MailboxExtensions.SpecialUse,
        Vacation.Extension,
        Vacation.Seconds,
        VariablesExtension.Extension,
        SpamTests.Virus,
    ];

    private static SieveExtension Only(string name) => new(name, []);
}
