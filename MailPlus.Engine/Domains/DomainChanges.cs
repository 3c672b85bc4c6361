using System.Globalization;
using MailPlus.Engine.Accounts.Policies;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Domains;

/// <summary>What an administrator changes of a domain, checked.</summary>
internal static class DomainChanges
{
    private const int MostAdditional = 1000;
    private const long LargestLimit = 1_000_000_000;

    /// <summary>The id to keep after a choice.</summary>
    internal static async Task<long?> ChosenAsync(SystemContext context, ChosenAccount? choice, long? present, string field, CancellationToken cancellationToken)
    {
        if (choice is null)
        {
            return present;
        }

        if (choice.Account is { } account && !await context.Accounts.AnyAsync(row => row.Id == account.Value, cancellationToken))
        {
            throw new RefusedException(new Refusal(RefusalKind.NotFound, "AccountUnknown") { Field = field });
        }

        return choice.Account?.Value;
    }

    /// <summary>Replaces the additional domains (DOM-030, DOM-031).</summary>
    internal static async Task SetAdditionalAsync(SystemContext context, DomainRow row, IReadOnlyList<DomainName> names, CancellationToken cancellationToken)
    {
        var wanted = names.DistinctBy(name => name.Ascii).ToList();
        if (wanted.Count > MostAdditional)
        {
            throw new RefusedException(new Refusal(RefusalKind.TooMany, "TooManyAtOnce") { Field = "Additional" });
        }

        foreach (var name in wanted)
        {
            if (await context.Domains.AnyAsync(other => other.Name == name.Ascii, cancellationToken)
                || await context.AdditionalDomains.AnyAsync(other => other.Name == name.Ascii && other.DomainId != row.Id, cancellationToken))
            {
                throw new RefusedException(new Refusal(RefusalKind.AlreadyExists, "DomainTaken") { Field = "Additional", Arguments = [name.Unicode] });
            }
        }

        row.Additional.RemoveAll(present => wanted.TrueForAll(name => name.Ascii != present.Name));
        row.Additional.AddRange(wanted.Where(name => row.Additional.TrueForAll(present => present.Name != name.Ascii)).Select(name => new AdditionalDomainRow { Name = name.Ascii }));
    }

    /// <summary>Replaces the limits of users (DOM-092 to DOM-095).</summary>
    internal static void SetLimits(DomainRow row, DomainLimits limits)
    {
        foreach (var (field, value) in new[]
        {
            (nameof(DomainLimits.DailyMessages), limits.DailyMessages), (nameof(DomainLimits.DailyMegabytes), limits.DailyMegabytes),
            (nameof(DomainLimits.AttachmentMegabytes), limits.AttachmentMegabytes),
        })
        {
            if (value is < 0 or > LargestLimit)
            {
                throw new RefusedException(new Refusal(RefusalKind.Invalid, "LimitOutOfRange") { Field = field, Arguments = [LargestLimit.ToString(CultureInfo.InvariantCulture)] });
            }
        }

        row.ForbidsForwarding = limits.ForbidForwarding;
        (row.DailyMessages, row.DailyMegabytes, row.AttachmentMegabytes) = (limits.DailyMessages, limits.DailyMegabytes, limits.AttachmentMegabytes);
    }

    /// <summary>What the admin log compares.</summary>
    internal static IReadOnlyList<(string Name, string Value)> Describe(DomainRow row) =>
    [
        ("Description", row.Description),
        ("Postmaster", Text(row.PostmasterAccountId)),
        ("CatchAll", Text(row.CatchAllAccountId)),
        ("Additional", string.Join(' ', row.Additional.Select(additional => additional.Name).Order(StringComparer.Ordinal))),
        ("ForbidForwarding", row.ForbidsForwarding ? "on" : "off"),
        ("DailyMessages", Text(row.DailyMessages)),
        ("DailyMegabytes", Text(row.DailyMegabytes)),
        ("AttachmentMegabytes", Text(row.AttachmentMegabytes)),
    ];

    /// <summary>The lines that differ.</summary>
    internal static string Difference(IReadOnlyList<(string Name, string Value)> before, IReadOnlyList<(string Name, string Value)> after) =>
        string.Join('\n', before.Zip(after).Where(pair => pair.First.Value != pair.Second.Value).Select(pair => $"{pair.First.Name}: {pair.First.Value} → {pair.Second.Value}"));

    private static string Text(long? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "-";
}
