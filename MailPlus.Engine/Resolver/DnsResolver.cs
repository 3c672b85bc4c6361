using System.Net;
using System.Net.Sockets;
using DnsClient;
using DnsClient.Protocol;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Settings.Sections;

namespace MailPlus.Engine.Resolver;

/// <summary>DNS through the resolvers of the settings, or the system's. Follows a change of the settings with the next question.</summary>
public sealed class DnsResolver(ISettingsSource settings, TimeProvider clock) : IDnsResolver
{
    private const int CacheLimit = 20_000;
    private const int DnsPort = 53;
    private const int Attempts = 2;
    private const int MaximumAliases = 16;
    private static readonly TimeSpan LongestNegative = TimeSpan.FromMinutes(5);

    /// <summary>Docker's resolver: on loopback, but it passes on what came over the open network.</summary>
    private static readonly IPAddress ContainerForwarder = new([127, 0, 0, 11]);

    private readonly Lock _change = new();
    private Session? _session;

    /// <summary>Answers that are kept are not used: for who wants to see what DNS says now.</summary>
    internal bool AlwaysAsks { get; init; }

    /// <inheritdoc/>
    public ValueTask<DnsAnswer<MailExchanger>> QueryMxAsync(DomainName domain, CancellationToken cancellationToken) => QueryMxAsync(domain.Ascii, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<DnsAnswer<MailExchanger>> QueryMxAsync(string name, CancellationToken cancellationToken)
    {
        var answer = await QueryAsync(
            QueryType.MX,
            name,
            static records => records.MxRecords().Select(mx => new MailExchanger(mx.Preference, Name(mx.Exchange))),
            cancellationToken);
        // RFC 5321 5.1: equal preferences in random order, to spread load.
        return answer.Records.Count < 2
            ? answer
            : answer with { Records = [.. answer.Records.OrderBy(mx => mx.Preference).ThenBy(_ => Random.Shared.Next())] };
    }

    /// <inheritdoc/>
    public async ValueTask<DnsAnswer<IPAddress>> QueryAddressesAsync(string host, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var literal))
        {
            return new DnsAnswer<IPAddress>(DnsStatus.Found, [literal]);
        }

        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
        {
            return new DnsAnswer<IPAddress>(DnsStatus.Found, [IPAddress.Loopback, IPAddress.IPv6Loopback]); // RFC 6761 6.3
        }

        var four = QueryAddressesAsync(host, AddressFamily.InterNetwork, cancellationToken).AsTask();
        var six = QueryAddressesAsync(host, AddressFamily.InterNetworkV6, cancellationToken).AsTask();
        var (a, aaaa) = (await four, await six);
        if (a.IsFound || aaaa.IsFound)
        {
            // A type that could not be asked says nothing about the addresses of the other one, which is signed or not by itself.
            var asked = new[] { a, aaaa }.Where(answer => answer.Status != DnsStatus.TemporaryFailure).ToList();
            return new DnsAnswer<IPAddress>(DnsStatus.Found, [.. a.Records, .. aaaa.Records])
            {
                IsSecure = asked.TrueForAll(answer => answer.IsSecure),
                CanonicalName = asked[0].CanonicalName,
            };
        }

        if (a.Status == DnsStatus.TemporaryFailure || aaaa.Status == DnsStatus.TemporaryFailure)
        {
            return a.Status == DnsStatus.TemporaryFailure ? a : aaaa;
        }

        return a.Status == DnsStatus.NoData ? a : aaaa;
    }

    /// <inheritdoc/>
    public ValueTask<DnsAnswer<IPAddress>> QueryAddressesAsync(string name, AddressFamily family, CancellationToken cancellationToken) => family == AddressFamily.InterNetwork
        ? QueryAsync(QueryType.A, name, static records => records.ARecords().Select(a => a.Address), cancellationToken)
        : QueryAsync(QueryType.AAAA, name, static records => records.AaaaRecords().Select(a => a.Address), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<DnsAnswer<string>> QueryTxtAsync(string name, CancellationToken cancellationToken) =>
        QueryAsync(QueryType.TXT, name, static records => records.TxtRecords().Select(txt => string.Concat(txt.Text)), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<DnsAnswer<TlsaRecord>> QueryTlsaAsync(string name, CancellationToken cancellationToken) => QueryAsync(
        QueryType.TLSA,
        name,
        static records => records.TlsaRecords().Select(tlsa => new TlsaRecord((int)tlsa.CertificateUsage, (int)tlsa.Selector, (int)tlsa.MatchingType, tlsa.CertificateAssociationData.ToArray())),
        cancellationToken);

    /// <inheritdoc/>
    public ValueTask<DnsAnswer<string>> QueryAliasAsync(string name, CancellationToken cancellationToken) =>
        QueryAsync(QueryType.CNAME, name, static records => records.CnameRecords().Select(alias => Name(alias.CanonicalName)), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<DnsAnswer<CaaRecord>> QueryCaaAsync(string name, CancellationToken cancellationToken) =>
        QueryAsync(QueryType.CAA, name, static records => records.CaaRecords().Select(caa => new CaaRecord(caa.Flags, caa.Tag, caa.Value)), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<DnsAnswer<ServiceRecord>> QueryServiceAsync(string name, CancellationToken cancellationToken) =>
        QueryAsync(QueryType.SRV, name, static records => records.SrvRecords().Select(srv => new ServiceRecord(srv.Priority, srv.Weight, srv.Port, Name(srv.Target))), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<DnsAnswer<string>> QueryPtrAsync(IPAddress address, CancellationToken cancellationToken)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return QueryAsync(QueryType.PTR, plain.GetArpaName(), static records => records.PtrRecords().Select(ptr => Name(ptr.PtrDomainName)), cancellationToken);
    }

    /// <summary>ADDRESS or ADDRESS:PORT, IPv6 with a port in brackets; false for anything else.</summary>
    internal static bool TryParseServer(string text, out IPEndPoint server)
    {
        var parsed = IPEndPoint.TryParse(text, out var end);
        server = parsed && end!.Port == 0 ? new IPEndPoint(end.Address, DnsPort) : end ?? new IPEndPoint(IPAddress.None, 0);
        return parsed;
    }

    /// <summary>Whether a resolver's word is taken for it that an answer is signed and right (mail-rules 36).</summary>
    internal static bool Trusts(DnssecTrust trust, IPAddress resolver) => trust switch
    {
        DnssecTrust.Always => true,
        DnssecTrust.Loopback => IPAddress.IsLoopback(resolver) && !resolver.Equals(ContainerForwarder),
        _ => false,
    };

    private static string Name(DnsString name) => name.Value is "." or "" ? "." : name.Value.TrimEnd('.').ToLowerInvariant();

    private static DnsAnswer<T> Failure<T>(string detail) => new(DnsStatus.TemporaryFailure, []) { Detail = detail };

    private static string Words(DnsResponseException failure) => failure.Code == DnsResponseCode.ConnectionTimeout ? "no answer in time" : failure.DnsError;

    private static DnsAnswer<T> Read<T>(IDnsQueryResponse response, Func<IEnumerable<DnsResourceRecord>, IEnumerable<T>> select, (DnsQuestion Question, DnssecTrust Trust) asked, out TimeSpan timeToLive)
    {
        timeToLive = TimeSpan.Zero;
        var secure = response.Header.IsAuthenticData && IPAddress.TryParse(response.NameServer.Address, out var resolver) && Trusts(asked.Trust, resolver);
        var answers = Asked(response, asked.Question);
        var canonical = answers.CnameRecords().LastOrDefault() is { } alias ? Name(alias.CanonicalName) : "";
        switch (response.Header.ResponseCode)
        {
            case DnsHeaderResponseCode.NoError when answers.Count == 0 && response.Answers.Count > 0:
                return Failure<T>($"an answer to another question from {response.NameServer}");
            case DnsHeaderResponseCode.NoError:
                var records = select(answers).ToList();
                if (records.Count > 0)
                {
                    timeToLive = TimeSpan.FromSeconds(answers.Min(record => record.InitialTimeToLive));
                    return new DnsAnswer<T>(DnsStatus.Found, records) { IsSecure = secure, CanonicalName = canonical };
                }

                timeToLive = NegativeTime(response);
                return new DnsAnswer<T>(DnsStatus.NoData, []) { IsSecure = secure, CanonicalName = canonical };
            case DnsHeaderResponseCode.NotExistentDomain:
                timeToLive = NegativeTime(response);
                return new DnsAnswer<T>(DnsStatus.NoSuchName, []) { IsSecure = secure, CanonicalName = canonical };
            default:
                return Failure<T>($"{response.Header.ResponseCode} from {response.NameServer}");
        }
    }

    /// <summary>
    /// The records of the name that was asked for and of those it is an alias of, whatever else stands in the answer. The library follows a pointer
    /// beyond the end of a datagram into what its buffer held before: a name read from there is nobody's question.
    /// </summary>
    private static List<DnsResourceRecord> Asked(IDnsQueryResponse response, DnsQuestion question)
    {
        var names = new HashSet<string>(response.Questions.Select(echo => Name(echo.QueryName)), StringComparer.Ordinal) { Name(question.QueryName) };
        var aliases = response.Answers.CnameRecords().ToList();
        for (var (known, links) = (0, 0); known != names.Count && links < MaximumAliases; links++)
        {
            known = names.Count;
            names.UnionWith(aliases.Where(alias => names.Contains(Name(alias.DomainName))).Select(alias => Name(alias.CanonicalName)));
        }

        return [.. response.Answers.Where(record => names.Contains(Name(record.DomainName)))];
    }

    /// <summary>RFC 2308 5: the smaller of the SOA's TTL and its MINIMUM; without SOA nothing is kept.</summary>
    private static TimeSpan NegativeTime(IDnsQueryResponse response)
    {
        var soa = response.Authorities.SoaRecords().FirstOrDefault();
        var seconds = soa is null ? 0 : Math.Min(soa.InitialTimeToLive, soa.Minimum);
        return TimeSpan.FromSeconds(Math.Min(seconds, LongestNegative.TotalSeconds));
    }

    private async ValueTask<DnsAnswer<T>> QueryAsync<T>(
        QueryType type, string name, Func<IEnumerable<DnsResourceRecord>, IEnumerable<T>> select, CancellationToken cancellationToken)
    {
        var session = CurrentSession();
        var key = name.ToLowerInvariant();
        if (!AlwaysAsks && session.Cache.TryGet<T>(type.ToString(), key, out var kept))
        {
            return kept;
        }

        if (session.Client is null)
        {
            return Failure<T>("no DNS resolver is configured");
        }

        DnsQuestion question;
        try
        {
            question = new DnsQuestion(name, type, QueryClass.IN);
        }
        catch (ArgumentException failure)
        {
            // No legal name: nobody can have published it.
            return new DnsAnswer<T>(DnsStatus.NoSuchName, []) { Detail = failure.Message };
        }

        try
        {
            var response = await session.Client.QueryAsync(question, cancellationToken);
            var answer = Read(response, select, (question, session.Settings.DnssecTrust), out var timeToLive);
            session.Cache.Keep(type.ToString(), key, answer, timeToLive);
            return answer;
        }
        catch (DnsResponseException failure)
        {
            return Failure<T>(Words(failure));
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // A network that fails, or octets that are no answer: reading those ends in exceptions of many kinds, and none says anything about the name.
            return Failure<T>(failure is DnsResponseParseException ? "an answer that cannot be read" : failure.Message);
        }
    }

    private Session CurrentSession()
    {
        var wanted = settings.Current.Resolver;
        var session = Volatile.Read(ref _session);
        if (session is not null && ReferenceEquals(session.Settings, wanted))
        {
            return session;
        }

        lock (_change)
        {
            if (_session is null || !ReferenceEquals(_session.Settings, wanted))
            {
                _session = new Session(wanted, MakeClient(wanted), new AnswerCache(CacheLimit, clock));
            }

            return _session;
        }
    }

    private static LookupClient? MakeClient(ResolverSettings wanted)
    {
        var servers = wanted.Servers
            .Select(text => TryParseServer(text, out var server) ? new NameServer(server) : null)
            .OfType<NameServer>()
            .ToArray();
        if (servers.Length == 0)
        {
            // Only what the system names: no public resolver learns whom we write to.
            servers = [.. NameServer.ResolveNameServers(skipIPv6SiteLocal: true, fallbackToGooglePublicDns: false)];
        }

        return servers.Length == 0
            ? null
            : new LookupClient(new LookupClientOptions(servers)
            {
                UseCache = false,
                Timeout = TimeSpan.FromSeconds(wanted.TimeoutSeconds),
                Retries = Attempts - 1,
                ThrowDnsErrors = false,
                // RFC 4035 3.2.1: who asks with DO is told whether the answer was validated. Others need not carry the signatures.
                RequestDnsSecRecords = servers.Any(server => IPAddress.TryParse(server.Address, out var address) && Trusts(wanted.DnssecTrust, address)),
            });
    }

    private sealed record Session(ResolverSettings Settings, LookupClient? Client, AnswerCache Cache);
}
