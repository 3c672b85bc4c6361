using MailPlus.Engine.Accounts;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.ClientSetup;

/// <summary>
/// For whom a mail program asks. Only the domain decides what it is told, and every address of a hosted domain is told the same: nobody learns
/// here which accounts there are.
/// </summary>
/// <param name="Domain">A hosted domain.</param>
/// <param name="Address">The address, null when only the host name of the request said which domain is meant.</param>
internal sealed record AskedFor(DomainName Domain, EmailAddress? Address)
{
    private const char NoXmlCharacter = '\uFFFF'; // the only one of an address for which the answers, being XML, have no place

    private static readonly string[] Prefixes = ["autoconfig.", "autodiscover."];

    /// <summary>By the address if one was said, else by the host name of the request; null for every domain that is not hosted here.</summary>
    public static AskedFor? Find(string? address, string host, IAddressBook book)
    {
        if (!string.IsNullOrEmpty(address))
        {
            return EmailAddress.TryParse(address, out var parsed) && !parsed.LocalPart.Contains(NoXmlCharacter) && book.IsLocal(parsed.Domain) ? new AskedFor(parsed.Domain, parsed) : null;
        }

        var name = Prefixes.FirstOrDefault(prefix => host.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)) is { } prefix ? host[prefix.Length..] : host;
        return DomainName.TryParse(name, out var domain) && book.IsLocal(domain) ? new AskedFor(domain, null) : null;
    }
}
