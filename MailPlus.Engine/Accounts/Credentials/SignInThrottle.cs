using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings.Sections;

namespace MailPlus.Engine.Accounts.Credentials;

/// <summary>
/// Counts failed log-ins per address and per account name. After a few the answer comes later and later, after Security.LockoutFailures none is tried until
/// Security.LockoutMinutes have passed since the last failure. An address that has signed in to the account lately is not shut out by the failures of others, so
/// that a stranger cannot lock an owner out.
/// </summary>
internal sealed class SignInThrottle(TimeProvider clock)
{
    private const int MaximumEntries = 50_000;
    private const int FreeFailures = 2;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan KnownFor = TimeSpan.FromHours(24);

    private readonly ConcurrentDictionary<string, Failures> _failures = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Name, string Address), Instant> _known = new();

    /// <summary>Whether a log-in may not even be tried now.</summary>
    internal bool IsShut(string nameKey, IPAddress? client, SecuritySettings rules)
    {
        var address = AddressKey(client);
        return IsShut(address, rules) || !IsKnown(nameKey, address) && IsShut(NameKey(nameKey), rules);
    }

    /// <summary>How long the answer to this failure, now recorded, is held back.</summary>
    internal TimeSpan RecordFailure(string nameKey, IPAddress? client, SecuritySettings rules)
    {
        var worst = Math.Max(Count(AddressKey(client), rules), Count(NameKey(nameKey), rules));
        if (worst <= FreeFailures)
        {
            return TimeSpan.Zero;
        }

        var delay = FirstDelay * Math.Pow(2, Math.Min(worst - FreeFailures - 1, 10));
        return delay < LongestDelay ? delay : LongestDelay;
    }

    internal void RecordSuccess(string nameKey, IPAddress? client)
    {
        var address = AddressKey(client);
        _failures.TryRemove(NameKey(nameKey), out _);
        if (_known.Count >= MaximumEntries)
        {
            Sweep(_known, seen => seen.Plus(KnownFor).CompareTo(Instant.Now(clock)) < 0);
        }

        if (_known.Count < MaximumEntries)
        {
            _known[(nameKey, address)] = Instant.Now(clock);
        }
    }

    // A whole /64 is one subscriber.
    private static string AddressKey(IPAddress? client)
    {
        if (client is null)
        {
            return "a:-";
        }

        var address = client.IsIPv4MappedToIPv6 ? client.MapToIPv4() : client;
        return address.AddressFamily == AddressFamily.InterNetworkV6 ? "a:" + Convert.ToHexString(address.GetAddressBytes(), 0, 8) : "a:" + address;
    }

    private static string NameKey(string nameKey) => "n:" + (nameKey.Length > 320 ? nameKey[..320] : nameKey);

    private static void Sweep<TKey, TValue>(ConcurrentDictionary<TKey, TValue> entries, Func<TValue, bool> isStale)
        where TKey : notnull
    {
        foreach (var (key, value) in entries)
        {
            if (isStale(value))
            {
                entries.TryRemove(key, out _);
            }
        }
    }

    private bool IsKnown(string nameKey, string address) =>
        _known.TryGetValue((nameKey, address), out var seen) && seen.Plus(KnownFor).CompareTo(Instant.Now(clock)) > 0;

    private bool IsShut(string key, SecuritySettings rules) =>
        _failures.TryGetValue(key, out var failures) && failures.Count >= rules.LockoutFailures && !IsOver(failures, rules);

    private bool IsOver(Failures failures, SecuritySettings rules) => failures.Last.Plus(TimeSpan.FromMinutes(rules.LockoutMinutes)).CompareTo(Instant.Now(clock)) <= 0;

    private int Count(string key, SecuritySettings rules)
    {
        if (_failures.Count >= MaximumEntries)
        {
            Sweep(_failures, failures => IsOver(failures, rules));
            if (_failures.Count >= MaximumEntries && !_failures.ContainsKey(key))
            {
                return rules.LockoutFailures; // a flood from everywhere: the longest delay for newcomers
            }
        }

        var now = Instant.Now(clock);
        return _failures.AddOrUpdate(key, _ => new Failures(1, now), (_, old) => new Failures(IsOver(old, rules) ? 1 : old.Count + 1, now)).Count;
    }

    private sealed record Failures(int Count, Instant Last);
}
