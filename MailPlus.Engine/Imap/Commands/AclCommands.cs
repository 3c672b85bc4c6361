using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>GETACL (RFC 4314 3.3).</summary>
internal sealed class GetAclCommand() : ImapCommand("GETACL", SessionStates.SignedIn)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var place = await session.Places.RequireAsync(MailboxArgument.Single(command), Rights.Administer, cancellationToken);
        var owner = new AclSubject(place.Store.Account);
        var output = session.Output;
        output.Write("* ACL "u8);
        output.Mailbox(place.Name);
        var owners = new AclEntry(owner, Acl.RightsOf(place.Mailbox, place.Store.Account, place.Store.Account));
        foreach (var (subject, rights) in place.Mailbox.Acl.Where(entry => entry.Subject != owner).Prepend(owners))
        {
            if (AclIdentifier.Of(session, subject) is { } identifier)
            {
                AclIdentifier.Write(output, identifier);
                AclIdentifier.Write(output, RightsText.Of(rights));
            }
        }

        output.Line();
        return Completion.Ok("Getacl completed");
    }
}

/// <summary>SETACL (RFC 4314 3.1).</summary>
internal sealed class SetAclCommand() : ImapCommand("SETACL", SessionStates.SignedIn)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var (name, identifier, operation, rights) = Parse(command);
        var place = await session.Places.RequireAsync(name, Rights.Administer, cancellationToken);
        await session.Places.ChangeAclAsync(place, new AclChange(AclIdentifier.Parse(session, identifier), operation, rights), cancellationToken);
        return Completion.Ok("Setacl completed");
    }

    private static (string Mailbox, string Identifier, RightsOperation Operation, Rights Rights) Parse(CommandText command)
    {
        var reader = command.Read();
        reader.Space();
        var name = reader.Mailbox();
        reader.Space();
        var identifier = reader.AStringText();
        reader.Space();
        var letters = reader.AStringText();
        reader.End();
        var operation = letters.Length == 0 ? RightsOperation.Replace : letters[0] switch
        {
            '+' => RightsOperation.Add,
            '-' => RightsOperation.Remove,
            _ => RightsOperation.Replace,
        };
        return (name, identifier, operation, RightsText.Parse(operation == RightsOperation.Replace ? letters : letters[1..]));
    }
}

/// <summary>DELETEACL (RFC 4314 3.2): the entry goes; the owner's own goes back to everything.</summary>
internal sealed class DeleteAclCommand() : ImapCommand("DELETEACL", SessionStates.SignedIn)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var (name, identifier) = AclArguments.Parse(command);
        var place = await session.Places.RequireAsync(name, Rights.Administer, cancellationToken);
        var subject = AclIdentifier.Parse(session, identifier);
        var rest = subject == new AclSubject(place.Store.Account) ? Rights.All : Rights.None;
        await session.Places.ChangeAclAsync(place, new AclChange(subject, RightsOperation.Replace, rest), cancellationToken);
        return Completion.Ok("Deleteacl completed");
    }
}

/// <summary>LISTRIGHTS (RFC 4314 3.4): what an identifier always has, and what it may be given.</summary>
internal sealed class ListRightsCommand() : ImapCommand("LISTRIGHTS", SessionStates.SignedIn)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var (name, identifier) = AclArguments.Parse(command);
        var place = await session.Places.RequireAsync(name, Rights.Administer, cancellationToken);
        var subject = AclIdentifier.Parse(session, identifier);
        var always = subject == new AclSubject(place.Store.Account) ? Acl.OwnersAlways : Rights.None;
        session.Output.Write("* LISTRIGHTS "u8);
        session.Output.Mailbox(place.Name);
        AclIdentifier.Write(session.Output, AclIdentifier.Of(session, subject) ?? identifier);
        AclIdentifier.Write(session.Output, RightsText.Of(always));
        session.Output.Write((byte)' ');
        session.Output.Write(RightsText.Untied(always));
        session.Output.Line();
        return Completion.Ok("Listrights completed");
    }
}

/// <summary>MYRIGHTS (RFC 4314 3.5); whoever may only put something in need not be told that there is a mailbox.</summary>
internal sealed class MyRightsCommand() : ImapCommand("MYRIGHTS", SessionStates.SignedIn)
{
    private const Rights Telling = Rights.Lookup | Rights.Read | Rights.Insert | Rights.Create | Rights.Remove | Rights.Administer;

    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var place = await session.Places.RequireAsync(MailboxArgument.Single(command), Rights.None, cancellationToken);
        if ((place.Rights & Telling) == 0)
        {
            place.Require(Rights.Lookup);
        }

        RightsText.WriteMyRights(session.Output, place);
        return Completion.Ok("Myrights completed");
    }
}

/// <summary>A mailbox and an identifier.</summary>
internal static class AclArguments
{
    public static (string Mailbox, string Identifier) Parse(CommandText command)
    {
        var reader = command.Read();
        reader.Space();
        var name = reader.Mailbox();
        reader.Space();
        var identifier = reader.AStringText();
        reader.End();
        return (name, identifier);
    }
}
