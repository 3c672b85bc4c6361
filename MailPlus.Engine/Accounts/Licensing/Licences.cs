using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Accounts.Licensing;

/// <summary>Whether an installed key counts (LIC-17).</summary>
public enum LicenceValidity
{
    /// <summary>Counts.</summary>
    Valid,

    /// <summary>Its last day has passed.</summary>
    Expired,

    /// <summary>Not signed by the issuer of this product.</summary>
    Invalid,

    /// <summary>Its first day is to come.</summary>
    NotYetValid,
}

/// <summary>How many accounts may be active, and are.</summary>
/// <param name="Total">Free ones and those of all valid keys; null in laboratory mode, where nothing limits.</param>
/// <param name="Used">Active accounts.</param>
public sealed record LicenceSeats(int? Total, int Used)
{
    /// <summary>Accounts that may still be activated.</summary>
    public int? Unused => Total is { } total ? Math.Max(0, total - Used) : null;

    /// <summary>Active accounts that no valid key covers any more; their mail goes on (LIC-20).</summary>
    public int Over => Total is { } total ? Math.Max(0, Used - total) : 0;
}

/// <summary>Counts what the installed keys give; each key is verified again every time, so that a changed row of the database gives nothing.</summary>
internal sealed class Licences(LicenceAuthority authority, RunOptions run)
{
    /// <summary>Accounts nobody needs a key for (LIC-02).</summary>
    internal const int Free = 5;

    internal LicenceAuthority Authority => authority;

    /// <summary>Seats in all and in use.</summary>
    internal async Task<LicenceSeats> CountAsync(SystemContext context, Instant now, CancellationToken cancellationToken)
    {
        var used = await context.Accounts.CountAsync(row => row.State == (int)AccountState.Active, cancellationToken);
        if (run.LoopbackLab)
        {
            return new LicenceSeats(null, used);
        }

        var tokens = await context.Licences.Select(row => row.Token).ToListAsync(cancellationToken);
        var day = Day(now);
        return new LicenceSeats(Free + tokens.Select(authority.Read).Where(key => ValidityOf(key, day) == LicenceValidity.Valid).Sum(key => key!.Accounts), used);
    }

    internal static DateOnly Day(Instant now) => DateOnly.FromDateTime(now.ToDateTimeOffset().UtcDateTime);

    internal static LicenceValidity ValidityOf(LicenceKey? key, DateOnly day) =>
        key is null ? LicenceValidity.Invalid
        : key.Until < day ? LicenceValidity.Expired
        : (key.From ?? key.Issued) > day.AddDays(1) || key.From > day ? LicenceValidity.NotYetValid // a day of grace for the issuer's time zone
        : LicenceValidity.Valid;
}
