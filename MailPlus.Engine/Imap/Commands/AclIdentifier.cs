using System.Text;
using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>Identifiers of access control lists (RFC 4314 3): log-in names, "anyone", and either with "-" before it for rights that are taken.</summary>
internal static class AclIdentifier
{
    private const string Anyone = "anyone";

    /// <summary>Whom an identifier names.</summary>
    /// <exception cref="RefusedException">NotFound: nobody.</exception>
    public static AclSubject Parse(ImapSession session, string identifier)
    {
        var isNegative = identifier.StartsWith('-');
        var name = isNegative ? identifier[1..] : identifier;
        if (name == Anyone)
        {
            return new AclSubject(null, isNegative);
        }

        return session.With.AddressBook.FindByLogin(name) is { } account
            ? new AclSubject(account.Id, isNegative)
            : throw new RefusedException(new Refusal(RefusalKind.Invalid, "AccountUnknown"));
    }

    /// <summary>The identifier of a subject, null when its account is gone: numbers of accounts are never used again, so such an entry means nobody.</summary>
    public static string? Of(ImapSession session, AclSubject subject)
    {
        var name = subject.Account is { } account ? session.With.AddressBook.Find(account)?.Name : Anyone;
        return name is null ? null : subject.IsNegative ? "-" + name : name;
    }

    /// <summary>A space and an identifier or rights, as an atom where that can be.</summary>
    public static void Write(ResponseWriter output, string text)
    {
        var octets = Encoding.UTF8.GetBytes(text);
        output.Write((byte)' ');
        if (octets.Length is > 0 and < 256 && octets.All(ArgumentReader.IsAtomChar))
        {
            output.Write(octets);
        }
        else
        {
            output.String(octets);
        }
    }
}
