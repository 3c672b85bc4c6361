using System.Collections.Concurrent;
using System.Net;
using MailPlus.Engine.Settings;

namespace MailPlus.Engine.Net.Connections;

/// <summary>Whether a new connection may stay.</summary>
internal enum Admission
{
    Admitted,
    TooManyInTotal,
    TooManyFromAddress,
    ShuttingDown,
}

/// <summary>Every open connection: limits, the heartbeat that checks their deadlines, drain and abort.</summary>
public sealed class ConnectionTable : IDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, PipedConnection> _open = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<IPAddress, int> _perAddress = new();
    private readonly ISettingsSource _settings;
    private readonly TimeProvider _clock;
    private readonly Predicate<IPAddress> _unlimited;
    private readonly ITimer _heartbeat;
    private int _count;
    private long _lastId;
    private volatile bool _draining;

    /// <summary>A table whose heartbeat runs until it is disposed.</summary>
    /// <param name="settings">Limits.</param>
    /// <param name="clock">Time.</param>
    /// <param name="unlimited">Peers without a limit of their own; null means loopback and private networks, where a whole office may be one address.</param>
    public ConnectionTable(ISettingsSource settings, TimeProvider clock, Predicate<IPAddress>? unlimited = null)
    {
        _settings = settings;
        _clock = clock;
        _unlimited = unlimited ?? AddressRanges.IsPrivate;
        _lastId = clock.GetUtcNow().ToUnixTimeMilliseconds() << 8;
        _heartbeat = clock.CreateTimer(static state => ((ConnectionTable)state!).CheckDeadlines(), this, Beat, Beat);
    }

    /// <summary>Connections open now.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Asks every session to end politely and admits no more.</summary>
    public void AskAllToClose()
    {
        _draining = true;
        foreach (var connection in _open.Values)
        {
            connection.AskToClose();
        }
    }

    /// <summary>Ends every connection without a word.</summary>
    public void AbortAll(string reason)
    {
        foreach (var connection in _open.Values)
        {
            connection.Abort(reason);
        }
    }

    /// <summary>Stops the heartbeat.</summary>
    public void Dispose() => _heartbeat.Dispose();

    /// <summary>A new id: short, unique in this process and, by its start from the clock, practically across restarts.</summary>
    internal string NewId()
    {
        const string Digits = "0123456789abcdefghjkmnpqrstvwxyz";
        Span<char> text = stackalloc char[10];
        var value = (ulong)Interlocked.Increment(ref _lastId);
        for (var i = text.Length - 1; i >= 0; i--, value >>= 5)
        {
            text[i] = Digits[(int)(value & 31)];
        }

        return new string(text);
    }

    /// <summary>Whether a connection to a listener has to begin with a PROXY header: it comes from a trusted proxy and the settings name the listener.</summary>
    internal bool ExpectsProxyHeader(string listener, IPAddress peer)
    {
        var security = _settings.Current.Security;
        return security.ProxyListeners.Contains(listener, StringComparer.OrdinalIgnoreCase) && AddressRanges.IsListed(peer, security.TrustedProxies);
    }

    /// <summary>Counts a connection under the client a proxy named in place of the proxy, or says why it may not stay; it is to be removed in both cases.</summary>
    internal Admission Recount(PipedConnection connection)
    {
        Uncount(connection.CountedAs);
        return TryCount(connection, _unlimited(connection.Remote.Address)) ? Admission.Admitted : Admission.TooManyFromAddress;
    }

    /// <summary>Counts a connection in, or says why not; an admitted one must be removed again.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="isProxy">A proxy that has not yet said for whom: limits by address wait for that.</param>
    internal Admission TryAdd(PipedConnection connection, bool isProxy = false)
    {
        if (_draining)
        {
            return Admission.ShuttingDown;
        }

        if (Interlocked.Increment(ref _count) > _settings.Current.Service.MaximumConnections)
        {
            Interlocked.Decrement(ref _count);
            return Admission.TooManyInTotal;
        }

        if (!TryCount(connection, isProxy || _unlimited(connection.Remote.Address)))
        {
            Interlocked.Decrement(ref _count);
            return Admission.TooManyFromAddress;
        }

        _open[connection.Id] = connection;
        if (_draining)
        {
            // Drain began between the first look and the registration: this one has to hear of it too.
            connection.AskToClose();
        }

        return Admission.Admitted;
    }

    /// <summary>Counts an admitted connection out.</summary>
    internal void Remove(PipedConnection connection)
    {
        if (_open.TryRemove(connection.Id, out _))
        {
            Interlocked.Decrement(ref _count);
            Uncount(connection.CountedAs);
        }
    }

    private bool TryCount(PipedConnection connection, bool unlimited)
    {
        var key = AddressRanges.CountingKey(connection.Remote.Address);
        connection.CountedAs = key;
        if (_perAddress.AddOrUpdate(key, 1, static (_, count) => count + 1) <= _settings.Current.Service.MaximumConnectionsPerAddress || unlimited)
        {
            return true;
        }

        Uncount(key);
        connection.CountedAs = null;
        return false;
    }

    private void Uncount(IPAddress? key)
    {
        while (key is not null && _perAddress.TryGetValue(key, out var count))
        {
            var done = count > 1
                ? _perAddress.TryUpdate(key, count - 1, count)
                : _perAddress.TryRemove(new KeyValuePair<IPAddress, int>(key, count));
            if (done)
            {
                return;
            }
        }
    }

    private void CheckDeadlines()
    {
        var now = _clock.GetTimestamp();
        foreach (var (_, connection) in _open)
        {
            connection.CheckDeadline(now);
        }
    }
}
