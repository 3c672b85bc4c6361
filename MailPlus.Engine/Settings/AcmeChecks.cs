using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Settings;

/// <summary>Rules over the settings of ACME.</summary>
internal static class AcmeChecks
{
    private const int MostNames = 50;

    internal static IEnumerable<Refusal> Check(SettingsSnapshot snapshot)
    {
        var acme = snapshot.Acme;
        if (!Uri.TryCreate(acme.Directory, UriKind.Absolute, out var directory) || directory.Scheme != Uri.UriSchemeHttps)
        {
            yield return Invalid("Acme.Directory", "AcmeDirectoryMalformed");
        }

        if (acme.Contact.Length > 0 && !EmailAddress.TryParse(acme.Contact, out _))
        {
            yield return Invalid("Acme.Contact", "AcmeContactMalformed");
        }

        // A wildcard cannot be proven by HTTP-01 (RFC 8555 7.1.3).
        if (acme.Names.Count > MostNames || acme.Names.Any(name => name.Contains('*', StringComparison.Ordinal) || !DomainName.TryParse(name, out _)))
        {
            yield return Invalid("Acme.Names", "AcmeNameMalformed");
        }

        if (acme.DirectoryAuthorities.Any(text => !SettingsRules.IsAuthority(text)))
        {
            yield return Invalid("Acme.DirectoryAuthorities", "ClientAuthorityMalformed");
        }
    }

    private static Refusal Invalid(string field, string key) => new(RefusalKind.Invalid, key) { Field = field };
}
