using System.Net;
using System.Net.Sockets;
using MailPlus.Engine.Resolver;

namespace MailPlus.Engine.MailAuth.Spf;

/// <summary>One evaluation of check_host (RFC 7208 4) with its counters of look-ups.</summary>
internal sealed class SpfEvaluation(IDnsResolver resolver, SpfSubject subject)
{
    private const int MostLookups = 10; // 4.6.4
    private const int MostVoidLookups = 2; // 4.6.4
    private const int MostExchangers = 10; // 4.6.4
    private const int MostPointers = 10; // 4.6.4
    private const int LongestExplanation = 500;

    private int _lookups;
    private int _voids;
    private IReadOnlyList<string>? _validated;

    /// <summary>Why it is an error.</summary>
    public string Fault { get; private set; } = "";

    /// <summary>The explanation of a fail.</summary>
    public string Explanation { get; private set; } = "";

    private AddressFamily Family => subject.Client.AddressFamily;

    /// <summary>check_host of RFC 7208 4.</summary>
    /// <param name="domain">Whose policy.</param>
    /// <param name="depth">0 for the sender's own policy and its redirections: only these explain.</param>
    /// <param name="cancellationToken">Time limit.</param>
    public async ValueTask<(AuthResult Result, string Mechanism)> CheckHostAsync(string domain, int depth, CancellationToken cancellationToken)
    {
        for (var redirected = false; ; redirected = true)
        {
            var (record, failed) = await FetchAsync(domain, cancellationToken);
            if (record is null)
            {
                // 6.1: a redirection to a domain without policy is a fault of the record that redirects.
                return (redirected && failed == AuthResult.None ? Fail($"redirect to {domain}, which has no policy") : failed, redirected ? "redirect" : "");
            }

            foreach (var directive in record.Directives)
            {
                var (matched, error) = await MatchesAsync(directive, domain, depth, cancellationToken);
                if (error is { } end)
                {
                    return (end, directive.Text);
                }

                if (!matched)
                {
                    continue;
                }

                if (directive.Result == AuthResult.Fail && depth == 0)
                {
                    Explanation = await ExplainAsync(record, domain, cancellationToken);
                }

                return (directive.Result, directive.Text);
            }

            if (record.Redirect is null)
            {
                return (AuthResult.Neutral, "default"); // 4.7
            }

            if (++_lookups > MostLookups)
            {
                return (Fail("more than 10 look-ups"), "redirect");
            }

            var next = await ExpandNameAsync(record.Redirect, domain, cancellationToken);
            if (!SpfNames.IsCheckable(next))
            {
                return (Fail($"redirect to {next}"), "redirect");
            }

            domain = next;
        }
    }

    private AuthResult Fail(string why)
    {
        Fault = why;
        return AuthResult.PermError;
    }

    private AuthResult Temporary(string why)
    {
        Fault = why;
        return AuthResult.TempError;
    }

    /// <summary>RFC 7208 4.4, 4.5: the one policy of a domain.</summary>
    private async ValueTask<(SpfRecord? Record, AuthResult Failed)> FetchAsync(string domain, CancellationToken cancellationToken)
    {
        var answer = await resolver.QueryTxtAsync(domain, cancellationToken);
        if (answer.Status == DnsStatus.TemporaryFailure)
        {
            return (null, Temporary($"TXT of {domain}: {answer.Detail}"));
        }

        var policies = answer.Records.Where(SpfRecordReader.IsPolicy).ToList();
        return policies switch
        {
            [] => (null, AuthResult.None),
            [var text] => SpfRecordReader.TryRead(text, out var record, out var fault) ? (record, AuthResult.None) : (null, Fail($"{domain}: cannot read '{fault}'")),
            _ => (null, Fail($"{domain} has {policies.Count} policies")),
        };
    }

    private async ValueTask<(bool Matched, AuthResult? Error)> MatchesAsync(SpfDirective directive, string domain, int depth, CancellationToken cancellationToken)
    {
        if (directive.AsksDns && ++_lookups > MostLookups)
        {
            return (false, Fail("more than 10 look-ups"));
        }

        switch (directive.Mechanism)
        {
            case SpfMechanism.All:
                return (true, null);
            case SpfMechanism.Ip4:
            case SpfMechanism.Ip6:
                return (directive.Network.BaseAddress.AddressFamily == Family && directive.Network.Contains(subject.Client), null);
            default:
                break;
        }

        var target = directive.Domain is null ? domain : await ExpandNameAsync(directive.Domain, domain, cancellationToken);
        return directive.Mechanism switch
        {
            SpfMechanism.Include => await IncludesAsync(target, depth, cancellationToken),
            SpfMechanism.A => await HasAddressAsync(target, directive, cancellationToken),
            SpfMechanism.Mx => await HasExchangerAsync(target, directive, cancellationToken),
            SpfMechanism.Ptr => ((await ValidatedNamesAsync(cancellationToken)).Any(name => IsWithin(name, target)), null),
            _ => await ExistsAsync(target, cancellationToken),
        };
    }

    private async ValueTask<(bool Matched, AuthResult? Error)> IncludesAsync(string target, int depth, CancellationToken cancellationToken)
    {
        var result = SpfNames.IsCheckable(target) ? (await CheckHostAsync(target, depth + 1, cancellationToken)).Result : AuthResult.None;
        return result switch // 5.2
        {
            AuthResult.Pass => (true, null),
            AuthResult.Fail or AuthResult.SoftFail or AuthResult.Neutral => (false, null),
            AuthResult.TempError => (false, AuthResult.TempError),
            AuthResult.None => (false, Fail($"include of {target}, which has no policy")),
            _ => (false, AuthResult.PermError),
        };
    }

    private async ValueTask<(bool Matched, AuthResult? Error)> HasAddressAsync(string target, SpfDirective directive, CancellationToken cancellationToken)
    {
        var (addresses, error) = await AddressesAsync(target, Family, cancellationToken);
        return (addresses.Any(address => Covers(address, directive)), error);
    }

    private async ValueTask<(bool Matched, AuthResult? Error)> HasExchangerAsync(string target, SpfDirective directive, CancellationToken cancellationToken)
    {
        var answer = SpfNames.IsName(target) ? await resolver.QueryMxAsync(target, cancellationToken) : new DnsAnswer<MailExchanger>(DnsStatus.NoSuchName, []);
        if (Judge(answer, target) is { } error)
        {
            return (false, error);
        }

        if (answer.Records.Count > MostExchangers)
        {
            return (false, Fail($"{target} has more than 10 exchangers")); // 4.6.4
        }

        foreach (var exchanger in answer.Records)
        {
            var (addresses, failed) = await AddressesAsync(exchanger.Exchange, Family, cancellationToken);
            if (failed is not null || addresses.Any(address => Covers(address, directive)))
            {
                return (failed is null, failed);
            }
        }

        return (false, null);
    }

    private async ValueTask<(bool Matched, AuthResult? Error)> ExistsAsync(string target, CancellationToken cancellationToken)
    {
        var (addresses, error) = await AddressesAsync(target, AddressFamily.InterNetwork, cancellationToken); // 5.7: A even for IPv6 clients
        return (addresses.Count > 0, error);
    }

    private async ValueTask<(IReadOnlyList<IPAddress> Addresses, AuthResult? Error)> AddressesAsync(string name, AddressFamily family, CancellationToken cancellationToken)
    {
        var answer = SpfNames.IsName(name) ? await resolver.QueryAddressesAsync(name, family, cancellationToken) : new DnsAnswer<IPAddress>(DnsStatus.NoSuchName, []);
        return (answer.Records, Judge(answer, name));
    }

    /// <summary>An error of a look-up, and the count of those that found nothing.</summary>
    private AuthResult? Judge<T>(DnsAnswer<T> answer, string name) => answer.Status switch
    {
        DnsStatus.TemporaryFailure => Temporary($"{name}: {answer.Detail}"),
        DnsStatus.Found => null,
        _ => ++_voids > MostVoidLookups ? Fail("more than 2 look-ups found nothing") : null,
    };

    private bool Covers(IPAddress address, SpfDirective directive)
    {
        var prefix = Family == AddressFamily.InterNetwork ? directive.Prefix4 : directive.Prefix6;
        return address.AddressFamily == Family && SpfNetwork.Of(address, prefix).Contains(subject.Client);
    }

    private static bool IsWithin(string name, string domain) =>
        name.Equals(domain, StringComparison.OrdinalIgnoreCase) || name.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase);

    /// <summary>RFC 7208 5.5: names the client points to that point back to it.</summary>
    private async ValueTask<IReadOnlyList<string>> ValidatedNamesAsync(CancellationToken cancellationToken)
    {
        if (_validated is not null)
        {
            return _validated;
        }

        var names = new List<string>();
        var pointers = await resolver.QueryPtrAsync(subject.Client, cancellationToken);
        foreach (var name in pointers.Records.Take(MostPointers))
        {
            // An error only skips the name; the client's owner chose it, so nothing here counts against the sender's policy.
            if (SpfNames.IsName(name) && (await resolver.QueryAddressesAsync(name, Family, cancellationToken)).Records.Contains(subject.Client))
            {
                names.Add(name);
            }
        }

        return _validated = names;
    }

    /// <summary>A target name: expanded, shortened from the left to what DNS can hold (7.3).</summary>
    private async ValueTask<string> ExpandNameAsync(SpfMacroString macro, string domain, CancellationToken cancellationToken)
    {
        var name = (await ExpandAsync(macro, domain, cancellationToken)).TrimEnd('.');
        while (name.Length > SpfNames.LongestName && name.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot)
        {
            name = name[(dot + 1)..];
        }

        return name;
    }

    private async ValueTask<string> ExpandAsync(SpfMacroString macro, string domain, CancellationToken cancellationToken)
    {
        var needsName = macro.Pieces.Any(piece => piece.Letter == 'p');
        var validated = needsName ? Best(await ValidatedNamesAsync(cancellationToken), domain) : "";
        return SpfExpansion.Expand(macro, subject, domain, validated);
    }

    /// <summary>RFC 7208 7.3, macro p: the domain itself, else a name below it, else any.</summary>
    private static string Best(IReadOnlyList<string> names, string domain) =>
        names.FirstOrDefault(name => name.Equals(domain, StringComparison.OrdinalIgnoreCase))
        ?? names.FirstOrDefault(name => IsWithin(name, domain)) ?? names.FirstOrDefault() ?? "unknown";

    /// <summary>RFC 7208 6.2: whatever goes wrong, there is no explanation then.</summary>
    private async ValueTask<string> ExplainAsync(SpfRecord record, string domain, CancellationToken cancellationToken)
    {
        if (record.Explanation is null)
        {
            return "";
        }

        var name = await ExpandNameAsync(record.Explanation, domain, cancellationToken);
        var answer = SpfNames.IsName(name) ? await resolver.QueryTxtAsync(name, cancellationToken) : new DnsAnswer<string>(DnsStatus.NoSuchName, []);
        if (answer.Records is not [var text] || !SpfMacroString.TryRead(text, SpfMacroUse.Explanation, out var macro))
        {
            return "";
        }

        var explanation = await ExpandAsync(macro, domain, cancellationToken);
        return explanation.Length <= LongestExplanation && explanation.All(c => c is >= ' ' and <= '~') ? explanation : "";
    }
}
