using MailPlus.Engine.Accounts;
using MailPlus.Engine.Database;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Domains;

/// <summary>Adds the row of a domain; also used by set-up inside its own transaction.</summary>
internal static class DomainCreation
{
    internal static async Task<DomainRow> AddAsync(SystemContext context, AddressBook addressBook, Actor actor, NewDomain domain, Instant now)
    {
        if (await context.Domains.AnyAsync(row => row.Name == domain.Name.Ascii) || await context.AdditionalDomains.AnyAsync(row => row.Name == domain.Name.Ascii))
        {
            throw new RefusedException(new Refusal(RefusalKind.AlreadyExists, "DomainTaken") { Field = "Name", Arguments = [domain.Name.Unicode] });
        }

        var row = new DomainRow { Name = domain.Name.Ascii, Unicode = domain.Name.Unicode, Description = domain.Description.Trim(), Created = now.Microseconds };
        context.Domains.Add(row);
        AdminTrail.Add(context, new AdminActed(actor.Name, "DomainAdded", domain.Name.Unicode) { Time = now, Client = actor.Address });
        context.AfterCommit(() => addressBook.SetDomain(row));
        return row;
    }
}
