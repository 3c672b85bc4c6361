using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using ARSoft.Tools.Net;
using ARSoft.Tools.Net.Dns;

namespace MailPlus.Tests.Support;

/// <summary>A DNS server on a free loopback port that answers what the test says and NXDOMAIN to everything else.</summary>
public sealed class TestZone : IDisposable
{
    private readonly DnsServer _server;
    private readonly ConcurrentDictionary<(string Name, RecordType Type), List<DnsRecordBase>> _records = new();
    private readonly ConcurrentDictionary<string, bool> _failing = new();
    private readonly ConcurrentDictionary<string, bool> _signed = new();

    private TestZone(int port)
    {
        EndPoint = new IPEndPoint(IPAddress.Loopback, port);
        _server = new DnsServer(new UdpServerTransport(EndPoint), new TcpServerTransport(EndPoint, 5000, 5000));
        _server.QueryReceived += AnswerAsync;
        _server.Start();
    }

    /// <summary>Where it listens, UDP and TCP.</summary>
    public IPEndPoint EndPoint { get; }

    public static TestZone Start()
    {
        // The transport does not say which port it was given, so one is chosen first; another process may take it meanwhile.
        for (var tries = 0; ; tries++)
        {
            try
            {
                return new TestZone(FreePort.Next());
            }
            catch (SocketException) when (tries < 20)
            {
                // taken: the next round asks for another one
                continue;
            }
        }
    }

    public TestZone Mx(string domain, string host, ushort preference = 10)
        => Add(domain, RecordType.Mx, new MxRecord(DomainName.Parse(domain), 60, preference, DomainName.Parse(host)));

    public TestZone A(string host, string address)
        => Add(host, RecordType.A, new ARecord(DomainName.Parse(host), 60, IPAddress.Parse(address)));

    public TestZone Txt(string name, string text)
        => Add(name, RecordType.Txt, new TxtRecord(DomainName.Parse(name), 60, text.Chunk(200).Select(part => new string(part)).ToArray()));

    public TestZone Tlsa(string name, byte usage, byte selector, byte matching, byte[] data)
        => Add(name, RecordType.Tlsa, new TlsaRecord(DomainName.Parse(name), 60, (TlsaRecord.TlsaCertificateUsage)usage, (TlsaRecord.TlsaSelector)selector, (TlsaRecord.TlsaMatchingType)matching, data));

    public TestZone Ptr(string address, string host)
        => Add(IPAddress.Parse(address).GetReverseLookupAddress().TrimEnd('.'), RecordType.Ptr, new PtrRecord(IPAddress.Parse(address).GetReverseLookupDomain(), 60, DomainName.Parse(host)));

    public TestZone Caa(string name, byte flags, string tag, string value)
        => Add(name, RecordType.CAA, new CAARecord(DomainName.Parse(name), 60, flags, tag, value));

    public TestZone Srv(string name, ushort priority, ushort weight, ushort port, string target)
        => Add(name, RecordType.Srv, new SrvRecord(DomainName.Parse(name), 60, priority, weight, port, DomainName.Parse(target)));

    /// <summary>An alias; a resolver follows it, so the target's addresses stand beside it.</summary>
    public TestZone CName(string name, string target)
    {
        var alias = new CNameRecord(DomainName.Parse(name), 60, DomainName.Parse(target));
        Add(name, RecordType.CName, alias);
        if (_records.TryGetValue((target.ToLowerInvariant(), RecordType.A), out var addresses))
        {
            Add(name, RecordType.A, alias);
            addresses.ToList().ForEach(address => Add(name, RecordType.A, address));
        }

        return this;
    }

    /// <summary>Everything at a name is gone.</summary>
    public TestZone Without(string name)
    {
        foreach (var key in _records.Keys.Where(key => key.Name == name.ToLowerInvariant()).ToList())
        {
            _records.TryRemove(key, out _);
        }

        return this;
    }

    /// <summary>Every answer below that domain says that it was validated, as a resolver does for a signed zone.</summary>
    public TestZone Signed(string domain)
    {
        _signed[domain] = true;
        return this;
    }

    /// <summary>Every question below that domain is answered SERVFAIL.</summary>
    public TestZone Fails(string domain)
    {
        _failing[domain] = true;
        return this;
    }

    public void Dispose()
    {
        try
        {
            _server.Stop();
        }
        catch (AggregateException stopped) when (stopped.InnerExceptions.All(e => e is TaskCanceledException))
        {
            // it was stopped before its loops had begun
        }
    }

    private TestZone Add(string name, RecordType type, DnsRecordBase record)
    {
        _records.GetOrAdd((name.ToLowerInvariant(), type), _ => []).Add(record);
        return this;
    }

    private Task AnswerAsync(object sender, QueryReceivedEventArgs e)
    {
        if (e.Query is not DnsMessage query || query.Questions.Count != 1)
        {
            return Task.CompletedTask;
        }

        var response = query.CreateResponseInstance();
        var question = query.Questions[0];
        var name = question.Name.ToString().TrimEnd('.').ToLowerInvariant();
        response.IsAuthenticData = query.IsDnsSecOk && Below(_signed);
        if (Below(_failing))
        {
            response.ReturnCode = ReturnCode.ServerFailure;
        }
        else if (_records.TryGetValue((name, question.RecordType), out var records))
        {
            response.AnswerRecords.AddRange(records);
        }
        else if (!_records.Keys.Any(key => key.Name == name))
        {
            response.ReturnCode = ReturnCode.NxDomain;
        }

        e.Response = response;
        return Task.CompletedTask;

        bool Below(ConcurrentDictionary<string, bool> domains) => domains.Keys.Any(domain => name == domain || name.EndsWith("." + domain, StringComparison.Ordinal));
    }
}
