using MailPlus.Engine.Accounts;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Smtp.Server;
using MailPlus.Engine.Smtp.Wire;

namespace MailPlus.Engine.Smtp.Commands;

/// <summary>EXPN (RFC 5321 3.5): tells whom an address stands for, only to whom the settings let it. A mailbox is a list of one.</summary>
internal sealed class ExpnCommand : SmtpCommand
{
    public override SmtpVerb Verb => SmtpVerb.Expn;

    /// <summary>Whether the peer is told anything.</summary>
    public static bool IsOffered(SmtpSession session) => session.Door.Addresses is not null && session.IsTold(session.Settings.Smtp.Expand);

    public override ValueTask<SmtpReply?> RunAsync(SmtpSession session, string argument, CancellationToken aborted)
    {
        if (!IsOffered(session))
        {
            return Reply(SmtpReplies.NotImplemented);
        }

        if (argument.Length == 0)
        {
            return Reply(SmtpReplies.NeedsName);
        }

        if (!EmailAddress.TryParse(argument.Trim('<', '>'), out var address))
        {
            return Reply(SmtpReplies.NoSuchList);
        }

        var book = session.Door.Addresses!;
        return Reply(book.Resolve(address) switch
        {
            { Kind: AddressKind.Account } found when book.Find(found.Account) is { } account => SmtpReplies.Expanded(account),
            { Kind: AddressKind.Alias } when book.Expand(address) is { Count: > 0 } members => SmtpReplies.Expanded(members),
            { Kind: AddressKind.NotLocal } => SmtpReplies.CannotVerify,
            _ => SmtpReplies.NoSuchList, // one that is deactivated cannot be told from none
        });
    }
}
