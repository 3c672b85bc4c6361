using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Store.Contract;

/// <summary>What somebody may do with a mailbox (RFC 4314 2.1).</summary>
[Flags]
public enum Rights
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>l: the mailbox is seen in lists.</summary>
    Lookup = 1,

    /// <summary>r: its messages are read.</summary>
    Read = 2,

    /// <summary>s: \Seen is kept.</summary>
    Seen = 4,

    /// <summary>w: flags other than \Seen and \Deleted, and keywords.</summary>
    Write = 8,

    /// <summary>i: messages are put in.</summary>
    Insert = 16,

    /// <summary>p: mail may be sent to it.</summary>
    Post = 32,

    /// <summary>k: mailboxes are made below it.</summary>
    Create = 64,

    /// <summary>x: the mailbox itself is removed or renamed.</summary>
    Remove = 128,

    /// <summary>t: \Deleted.</summary>
    Delete = 256,

    /// <summary>e: EXPUNGE.</summary>
    Expunge = 512,

    /// <summary>a: rights are given and taken.</summary>
    Administer = 1024,

    /// <summary>All of them.</summary>
    All = 2047,
}

/// <summary>Whom an entry of an access control list speaks of.</summary>
/// <param name="Account">An account, null for "anyone": everybody who signs in.</param>
/// <param name="IsNegative">The entry takes rights away (RFC 4314 2).</param>
public readonly record struct AclSubject(AccountId? Account, bool IsNegative = false);

/// <summary>One entry of an access control list.</summary>
/// <param name="Subject">Whom.</param>
/// <param name="Rights">Which rights, at least one.</param>
public sealed record AclEntry(AclSubject Subject, Rights Rights);

/// <summary>How a change combines with the rights an entry has (RFC 4314 3.1).</summary>
public enum RightsOperation
{
    /// <summary>These and no others.</summary>
    Replace,

    /// <summary>These too.</summary>
    Add,

    /// <summary>These no longer.</summary>
    Remove,
}

/// <summary>A change of one entry; an entry without rights goes.</summary>
/// <param name="Subject">Whose entry.</param>
/// <param name="Operation">How.</param>
/// <param name="Rights">Which rights.</param>
public sealed record AclChange(AclSubject Subject, RightsOperation Operation, Rights Rights);

/// <summary>What an access control list comes to for one reader.</summary>
public static class Acl
{
    /// <summary>What an owner cannot give away: seeing the mailbox and changing its list, lest nobody could.</summary>
    public const Rights OwnersAlways = Rights.Lookup | Rights.Administer;

    /// <summary>
    /// The rights of a reader. The owner has all, or what an entry of their own says; what is given to others or to anyone does not touch them.
    /// Everybody else has what is given to them and to anyone, less what negative entries take.
    /// </summary>
    public static Rights RightsOf(Mailbox mailbox, AccountId owner, AccountId reader)
    {
        var (given, taken, ownEntry) = (Rights.None, Rights.None, (Rights?)null);
        foreach (var (subject, rights) in mailbox.Acl)
        {
            if (subject.Account == reader || subject.Account is null)
            {
                ownEntry = subject == new AclSubject(reader) ? rights : ownEntry;
                given |= subject.IsNegative ? Rights.None : rights;
                taken |= subject.IsNegative ? rights : Rights.None;
            }
        }

        return reader == owner ? (ownEntry ?? Rights.All) | OwnersAlways : given & ~taken;
    }

    /// <summary>What an entry becomes by a change.</summary>
    public static Rights Apply(Rights before, AclChange change) => change.Operation switch
    {
        RightsOperation.Add => before | change.Rights,
        RightsOperation.Remove => before & ~change.Rights,
        _ => change.Rights,
    };
}
