using MailPlus.Engine.Accounts;
using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>
/// A quota root (RFC 9208 3.2). Each account is one: "" is one's own, and who manages accounts reaches another by its log-in name or address.
/// </summary>
/// <param name="Name">As it was asked for.</param>
/// <param name="Account">Whose storage it limits.</param>
internal sealed record QuotaRoot(string Name, AccountId Account)
{
    /// <summary>The root of that name.</summary>
    /// <exception cref="RefusedException">NotFound, also when it is somebody else's affair.</exception>
    public static QuotaRoot Find(ImapSession session, string name)
    {
        if (name.Length == 0)
        {
            return new QuotaRoot(name, session.Store.Account);
        }

        return session.Actor!.Has(Permission.ManageAccounts) && session.With.AddressBook.FindByLogin(name) is { } account
            ? new QuotaRoot(name, account.Id)
            : throw new RefusedException(new Refusal(RefusalKind.NotFound, "QuotaRootNotFound"));
    }

    /// <summary>The untagged QUOTA response; what is not limited is not named.</summary>
    public async ValueTask WriteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var limits = QuotaLimits.Of(session.With.AddressBook.Find(Account), session.Settings.Quota);
        await using var store = await session.With.Store.OpenAsync(Account, cancellationToken);
        var usage = await store.UsageAsync(cancellationToken);
        var output = session.Output;
        output.Write("* QUOTA "u8);
        output.String(System.Text.Encoding.UTF8.GetBytes(Name));
        output.Write(" ("u8);
        if (limits.Octets > 0)
        {
            output.Write("STORAGE "u8);
            output.Write((usage.Octets + 1023) / 1024);
            output.Write((byte)' ');
            output.Write(limits.Octets / 1024);
        }

        if (limits.Messages > 0)
        {
            output.Write(limits.Octets > 0 ? " MESSAGE "u8 : "MESSAGE "u8);
            output.Write(usage.Messages);
            output.Write((byte)' ');
            output.Write(limits.Messages);
        }

        output.Write(")\r\n"u8);
    }
}
