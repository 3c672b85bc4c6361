using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Domains.Aliases;

/// <summary>Takes over the entries of a file: first all names, so that an alias may hold one that stands further down, then their members.</summary>
/// <param name="context">The transaction.</param>
/// <param name="home">The domain.</param>
internal sealed class AliasImport(SystemContext context, DomainRow home)
{
    private readonly List<string> _skipped = [];
    private readonly List<ImportFault> _faults = [];

    /// <summary>What is new, saved.</summary>
    internal List<AliasRow> Rows { get; } = [];

    internal async Task<ImportOutcome> RunAsync(IReadOnlyList<AliasFileEntry> entries, IReadOnlyList<ImportFault> unreadable, CancellationToken cancellationToken)
    {
        _faults.AddRange(unreadable);
        var names = new HashSet<string>(StringComparer.Ordinal);
        var made = new List<(AliasFileEntry Entry, AliasRow Row)>();
        foreach (var entry in entries)
        {
            if (await NameAsync(entry, names, cancellationToken) is { } row)
            {
                made.Add((entry, row));
                context.Aliases.Add(row);
            }
        }

        await context.SaveChangesAsync(cancellationToken); // ids, for members and rings
        await FillAsync(made, cancellationToken);
        return new ImportOutcome([.. Rows.Select(row => row.LocalPart)], _skipped, [.. _faults.OrderBy(fault => fault.Line)]);
    }

    private async Task<AliasRow?> NameAsync(AliasFileEntry entry, HashSet<string> names, CancellationToken cancellationToken)
    {
        var local = entry.Name;
        if (EmailAddress.TryParse(entry.Name, out var whole))
        {
            if (whole.Domain.Ascii != home.Name)
            {
                return Fault(entry, new Refusal(RefusalKind.Invalid, "AliasOfOtherDomain") { Arguments = [whole.ToDisplayString()] });
            }

            local = entry.Name[..entry.Name.LastIndexOf('@')];
        }

        EmailAddress address;
        try
        {
            address = AliasOperations.AddressOf(local, home);
        }
        catch (RefusedException refused)
        {
            return Fault(entry, refused.Refusal);
        }

        if (!names.Add(address.Key) || await context.Aliases.AnyAsync(row => row.AddressKey == address.Key, cancellationToken))
        {
            _skipped.Add(entry.Name);
            return null;
        }

        return await context.Addresses.AnyAsync(row => row.AddressKey == address.Key, cancellationToken)
            ? Fault(entry, new Refusal(RefusalKind.AlreadyExists, "AddressTaken") { Arguments = [address.ToDisplayString()] })
            : new AliasRow { DomainId = home.Id, LocalPart = address.LocalPart, AddressKey = address.Key };
    }

    /// <summary>Gives members; a name whose members cannot be taken goes again, and with it those that hold it.</summary>
    private async Task FillAsync(IReadOnlyList<(AliasFileEntry Entry, AliasRow Row)> made, CancellationToken cancellationToken)
    {
        var open = made;
        while (open.Count > 0)
        {
            var failed = false;
            var good = new List<(AliasFileEntry, AliasRow)>();
            foreach (var (entry, row) in open)
            {
                var members = new AliasMembers(context, DomainName.Parse(home.Name));
                try
                {
                    context.AliasMembers.RemoveRange(row.Members);
                    row.Members = await members.ReadAsync(entry.Members, cancellationToken);
                    await context.SaveChangesAsync(cancellationToken);
                    await members.RequireNoRingAsync(row, cancellationToken);
                    good.Add((entry, row));
                }
                catch (RefusedException refused)
                {
                    Fault(entry, refused.Refusal);
                    context.AliasMembers.RemoveRange(context.AliasMembers.Local.Where(member => ReferenceEquals(member.Target, row) || member.TargetId == row.Id).ToList());
                    context.Aliases.Remove(row);
                    await context.SaveChangesAsync(cancellationToken);
                    failed = true;
                }
            }

            open = failed ? good : [];
            if (!failed)
            {
                Rows.AddRange(good.Select(pair => pair.Item2));
            }
        }
    }

    private AliasRow? Fault(AliasFileEntry entry, Refusal reason)
    {
        _faults.Add(new ImportFault(entry.Line, entry.Name, reason));
        return null;
    }
}
