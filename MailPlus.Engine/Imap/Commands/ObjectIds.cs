using System.Globalization;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>Identifiers of RFC 8474: unlike in all accounts of this server, so that shared mailboxes fit in.</summary>
internal static class ObjectIds
{
    public static string Of(AccountId account, MailboxId mailbox) => string.Create(CultureInfo.InvariantCulture, $"F{account.Value}-{mailbox.Value}");

    public static string Email(AccountId account, long email) => string.Create(CultureInfo.InvariantCulture, $"M{account.Value}-{email}");

    public static string Thread(AccountId account, long thread) => string.Create(CultureInfo.InvariantCulture, $"T{account.Value}-{thread}");
}
