using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings.Sections;

namespace MailPlus.Engine.Accounts;

/// <summary>What an account may store, its own limits and the defaults put together; 0 is no limit.</summary>
/// <param name="Octets">Octets.</param>
/// <param name="Messages">Messages.</param>
public readonly record struct QuotaLimits(long Octets, long Messages)
{
    /// <summary>True when nothing limits the account.</summary>
    public bool IsUnlimited => Octets == 0 && Messages == 0;

    /// <summary>The limits of an account; the defaults for one that is not known.</summary>
    public static QuotaLimits Of(Account? account, QuotaSettings defaults)
    {
        ArgumentNullException.ThrowIfNull(defaults);
        return new(account?.QuotaOctets ?? defaults.DefaultOctets, account?.QuotaMessages ?? defaults.DefaultMessages);
    }

    /// <summary>Whether so much in all stays within the limits.</summary>
    public bool Allow(long octets, long messages) => (Octets == 0 || octets <= Octets) && (Messages == 0 || messages <= Messages);
}

/// <summary>Sets quota limits for SETQUOTA (RFC 9208 4.1.3).</summary>
public interface IQuotaOperations
{
    /// <summary>Replaces an account's own limits; 0 is no limit. Permission ManageAccounts.</summary>
    /// <exception cref="RefusedException">NotAllowed; NotFound; Invalid.</exception>
    Task SetQuotaAsync(Actor actor, AccountId account, QuotaLimits limits, CancellationToken cancellationToken);
}
