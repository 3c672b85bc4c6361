using MailPlus.Engine.Accounts;
using MailPlus.Engine.Primitives;
using MailPlus.Web.Mail.Settings;

namespace MailPlus.Web.Mail.Compose;

/// <summary>Who might be meant while a recipient is typed: people written to before, then colleagues of the own domains (WEB-020, WEB-190).</summary>
internal sealed class Suggestions(PreferenceFile preferences, IAddressBook book)
{
    private const int Most = 8;

    public async Task<IReadOnlyList<ComposeAddress>> FindAsync(Actor actor, string typed, CancellationToken cancellationToken)
    {
        var text = typed.Trim();
        if (text.Length == 0 || actor.Account is not { } own || book.Find(own) is not { } account)
        {
            return [];
        }

        var preference = await preferences.ReadAsync(actor, cancellationToken);
        var found = new Dictionary<string, ComposeAddress>(StringComparer.OrdinalIgnoreCase);
        foreach (var person in preference.Recent.Where(person => Matches(person.Name, person.Address, text)))
        {
            found.TryAdd(person.Address, new ComposeAddress(person.Name, person.Address));
        }

        var domains = account.Addresses.Append(account.PrimaryAddress).Select(address => address.Domain).ToHashSet();
        foreach (var colleague in book.Colleagues(domains).Where(other => Matches(other.DisplayName, other.PrimaryAddress.ToDisplayString(), text)).Take(Most))
        {
            found.TryAdd(colleague.PrimaryAddress.ToDisplayString(), new ComposeAddress(colleague.DisplayName, colleague.PrimaryAddress.ToDisplayString()));
        }

        return [.. found.Values.Take(Most)];
    }

    private static bool Matches(string name, string address, string typed) =>
        address.StartsWith(typed, StringComparison.OrdinalIgnoreCase) || name.Contains(typed, StringComparison.CurrentCultureIgnoreCase)
        || address.Contains("@" + typed, StringComparison.OrdinalIgnoreCase);
}
