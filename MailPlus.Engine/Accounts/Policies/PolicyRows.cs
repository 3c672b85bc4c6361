using MailPlus.Engine.Database;

namespace MailPlus.Engine.Accounts.Policies;

/// <summary>Rows of policies to their settings and back.</summary>
internal static class PolicyRows
{
    internal static PolicyRules RulesOf(PolicyRow row) => new()
    {
        ForbidForwarding = (PolicySwitch)row.Forwarding,
        DailyMessages = new PolicyLimit((PolicySwitch)row.Messages, row.MessagesValue),
        DailyMegabytes = new PolicyLimit((PolicySwitch)row.Traffic, row.TrafficValue),
        AttachmentMegabytes = new PolicyLimit((PolicySwitch)row.Attachment, row.AttachmentValue),
        InternalOnly = row.InternalOnly,
        Imap = row.Imap,
        ImapLocalOnly = row.ImapLocalOnly,
        Pop3 = row.Pop3,
        Pop3LocalOnly = row.Pop3LocalOnly,
        Search = row.Search,
    };

    internal static void Put(PolicyRow row, PolicyRules rules)
    {
        row.Forwarding = (int)rules.ForbidForwarding;
        (row.Messages, row.MessagesValue) = ((int)rules.DailyMessages.State, rules.DailyMessages.Value);
        (row.Traffic, row.TrafficValue) = ((int)rules.DailyMegabytes.State, rules.DailyMegabytes.Value);
        (row.Attachment, row.AttachmentValue) = ((int)rules.AttachmentMegabytes.State, rules.AttachmentMegabytes.Value);
        row.InternalOnly = rules.InternalOnly;
        (row.Imap, row.ImapLocalOnly) = (rules.Imap, rules.ImapLocalOnly);
        (row.Pop3, row.Pop3LocalOnly) = (rules.Pop3, rules.Pop3LocalOnly);
        row.Search = rules.Search;
    }
}
