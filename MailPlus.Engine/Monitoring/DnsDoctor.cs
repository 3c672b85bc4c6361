using System.Net;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Resolver;
using MailPlus.Engine.Settings;

namespace MailPlus.Engine.Monitoring;

/// <summary>What the world finds in DNS about the host name and the domains: A/AAAA and back, MX, SPF.</summary>
internal sealed class DnsDoctor(IDnsResolver resolver, ISettingsSource settings, AddressBook addressBook)
{
    private const string Area = "dns";
    private const int MaximumDomains = 50;

    internal async Task<IReadOnlyList<Diagnosis>> ExamineAsync(CancellationToken cancellationToken)
    {
        var hostname = settings.Current.Smtp.Hostname;
        if (hostname.Length == 0)
        {
            return [];
        }

        var found = new List<Diagnosis>();
        found.AddRange(await ExamineHostAsync(hostname, cancellationToken));
        foreach (var domain in addressBook.DomainNames.Order(StringComparer.Ordinal).Take(MaximumDomains))
        {
            found.Add(await ExamineMxAsync(domain, hostname, cancellationToken));
            found.Add(await ExamineSpfAsync(domain, cancellationToken));
        }

        return found;
    }

    private async Task<IReadOnlyList<Diagnosis>> ExamineHostAsync(string hostname, CancellationToken cancellationToken)
    {
        var addresses = await resolver.QueryAddressesAsync(hostname, cancellationToken);
        if (addresses.Records.Count == 0)
        {
            return [new Diagnosis(Area, Health.Problem, $"{hostname} has no A or AAAA record ({addresses.Status}).")];
        }

        var found = new List<Diagnosis> { new(Area, Health.Good, $"{hostname} is {string.Join(", ", addresses.Records)}.") };
        foreach (var address in addresses.Records.Where(address => !IPAddress.IsLoopback(address)))
        {
            var names = await resolver.QueryPtrAsync(address, cancellationToken);
            found.Add(names.Records.Any(name => name.Equals(hostname, StringComparison.OrdinalIgnoreCase))
                ? new Diagnosis(Area, Health.Good, $"{address} points back to {hostname}.")
                : new Diagnosis(Area, Health.Warning, $"{address} does not point back to {hostname} (PTR): many servers will refuse its mail."));
        }

        return found;
    }

    private async Task<Diagnosis> ExamineMxAsync(string domain, string hostname, CancellationToken cancellationToken)
    {
        var exchangers = await resolver.QueryMxAsync(DomainName.Parse(domain), cancellationToken);
        if (exchangers.Records.Count == 0)
        {
            return new Diagnosis(Area, Health.Problem, $"{domain} has no MX record ({exchangers.Status}): publish \"{domain} MX 10 {hostname}\".");
        }

        return exchangers.Records.Any(exchanger => exchanger.Exchange.Equals(hostname, StringComparison.OrdinalIgnoreCase))
            ? new Diagnosis(Area, Health.Good, $"Mail for {domain} comes here (MX {hostname}).")
            : new Diagnosis(Area, Health.Warning, $"Mail for {domain} goes to {string.Join(", ", exchangers.Records.Select(exchanger => exchanger.Exchange))}, not to {hostname}.");
    }

    private async Task<Diagnosis> ExamineSpfAsync(string domain, CancellationToken cancellationToken)
    {
        var texts = await resolver.QueryTxtAsync(domain, cancellationToken);

        // RFC 7208 4.5: exactly one record.
        return texts.Records.Count(text => text.Equals("v=spf1", StringComparison.OrdinalIgnoreCase) || text.StartsWith("v=spf1 ", StringComparison.OrdinalIgnoreCase)) switch
        {
            0 => new Diagnosis(Area, Health.Warning, $"{domain} has no SPF record: publish \"v=spf1 mx -all\" as TXT."),
            1 => new Diagnosis(Area, Health.Good, $"{domain} has an SPF record."),
            _ => new Diagnosis(Area, Health.Problem, $"{domain} has several SPF records: receivers take that as an error."),
        };
    }
}
