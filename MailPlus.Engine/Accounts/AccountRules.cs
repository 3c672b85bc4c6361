using System.Globalization;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Accounts;

/// <summary>What properties of an account may be, and who may touch whom.</summary>
internal static class AccountRules
{
    private const int LongestName = 64;
    private const int LongestDisplayName = 200;
    private static readonly string[] Languages = ["", "en", "ko"];

    internal static void Check(NewAccount account)
    {
        var name = account.Name.Trim();

        // A name with '@' could pass for somebody's address; only the account's own address may be its name.
        if (name.Length > LongestName && name.Length > 0 || name.Any(c => char.IsControl(c) || char.IsWhiteSpace(c))
            || name.Contains('@', StringComparison.Ordinal) && AddressBook.NameKey(name) != account.Address.Key)
        {
            throw Invalid("Name", "NameMalformed", LongestName.ToString(CultureInfo.InvariantCulture));
        }

        Check(new AccountChange { DisplayName = account.DisplayName, Language = account.Language, Quota = new AccountQuota(account.QuotaOctets), MessageQuota = new AccountMessageQuota(account.QuotaMessages) });
    }

    internal static void Check(AccountChange change)
    {
        if (change.DisplayName is { } display && (display.Length > LongestDisplayName || display.Any(char.IsControl)))
        {
            throw Invalid("DisplayName", "DisplayNameMalformed", LongestDisplayName.ToString(CultureInfo.InvariantCulture));
        }

        if (change.Language is { } language && !Languages.Contains(language))
        {
            throw Invalid("Language", "LanguageUnknown", language);
        }

        if (change.Quota is { Octets: < 0 })
        {
            throw Invalid("QuotaOctets", "NumberOutOfRange", "0", "");
        }

        if (change.MessageQuota is { Messages: < 0 })
        {
            throw Invalid("QuotaMessages", "NumberOutOfRange", "0", "");
        }
    }

    /// <summary>Only an administrator makes or unmakes administrators (ACC-B22).</summary>
    internal static void RequireAdministrator(Actor actor)
    {
        if (!actor.IsAdministrator)
        {
            throw new RefusedException(new Refusal(RefusalKind.NotAllowed, "NotAllowed") { Detail = $"{actor.Name} is no administrator" });
        }
    }

    /// <summary>A delegated manager of accounts never touches an administrator (ACC-B22).</summary>
    internal static void RequireMayTouch(Actor actor, AccountRow row)
    {
        if (row.IsAdministrator && actor.Account?.Value != row.Id)
        {
            RequireAdministrator(actor);
        }
    }

    private static RefusedException Invalid(string field, string key, params string[] arguments) =>
        new(new Refusal(RefusalKind.Invalid, key) { Field = field, Arguments = arguments });
}
