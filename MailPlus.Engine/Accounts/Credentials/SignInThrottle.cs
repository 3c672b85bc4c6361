using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings.Sections;

namespace MailPlus.Engine.Accounts.Credentials;

/// <summary>
/// Counts failed log-ins per address and per account name. After a few the answer comes later and later; from Security.LockoutFailures on none is tried for
/// Security.LockoutMinutes, and each failure after that doubles the wait, up to a day. An address that has signed in to the account lately is not shut out by the
/// failures of others, so that a stranger cannot lock an owner out.
/// </summary>
public sealed class SignInThrottle(TimeProvider clock)
{
    private const int MaximumEntries = 50_000;
    private const int FreeFailures = 2;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan LongestLockout = TimeSpan.FromDays(1);
    private static readonly TimeSpan KnownFor = TimeSpan.FromHours(24);

    private readonly ConcurrentDictionary<SignInSubject, Failures> _failures = new();
    private readonly ConcurrentDictionary<(string Name, string Address), Instant> _known = new();

    /// <summary>Whether a log-in may not even be tried now.</summary>
    internal bool IsShut(string nameKey, IPAddress? client)
    {
        var address = Of(client);
        return IsShut(address) || !IsKnown(nameKey, address.Name) && IsShut(Of(nameKey));
    }

    /// <summary>How long the answer to this failure, now recorded, is held back. Without a name only the address counts.</summary>
    internal TimeSpan RecordFailure(string nameKey, IPAddress? client, SecuritySettings rules)
    {
        var worst = Math.Max(Count(Of(client), rules), nameKey.Length == 0 ? 0 : Count(Of(nameKey), rules));
        if (worst <= FreeFailures)
        {
            return TimeSpan.Zero;
        }

        var delay = FirstDelay * Math.Pow(2, Math.Min(worst - FreeFailures - 1, 10));
        return delay < LongestDelay ? delay : LongestDelay;
    }

    internal void RecordSuccess(string nameKey, IPAddress? client)
    {
        _failures.TryRemove(Of(nameKey), out _);
        if (_known.Count >= MaximumEntries)
        {
            Sweep(_known, seen => seen.Plus(KnownFor).CompareTo(Instant.Now(clock)) < 0);
        }

        if (_known.Count < MaximumEntries)
        {
            _known[(nameKey, Of(client).Name)] = Instant.Now(clock);
        }
    }

    /// <summary>All that failed lately, those shut out longest first.</summary>
    internal IReadOnlyList<SignInLock> Locks()
    {
        var now = Instant.Now(clock);
        return
        [
            .. from pair in _failures
               where pair.Value.Forgotten.CompareTo(now) > 0
               orderby pair.Value.ShutUntil.Microseconds descending, pair.Value.Last.Microseconds descending
               select new SignInLock(pair.Key, pair.Value.Count, pair.Value.Last) { ShutUntil = pair.Value.ShutUntil.CompareTo(now) > 0 ? pair.Value.ShutUntil : null },
        ];
    }

    /// <summary>Forgets the failures of a subject; false when there were none.</summary>
    internal bool Release(SignInSubject subject) => _failures.TryRemove(subject, out _);

    // A whole /64 is one subscriber.
    private static SignInSubject Of(IPAddress? client)
    {
        if (client is null)
        {
            return new SignInSubject(SignInSubjectKind.Address, "-");
        }

        var address = client.IsIPv4MappedToIPv6 ? client.MapToIPv4() : client;
        return new SignInSubject(SignInSubjectKind.Address, address.AddressFamily == AddressFamily.InterNetworkV6 ? new IPAddress([.. address.GetAddressBytes().AsSpan(0, 8), 0, 0, 0, 0, 0, 0, 0, 0]) + "/64" : address.ToString());
    }

    private static SignInSubject Of(string nameKey) => new(SignInSubjectKind.Account, nameKey.Length > 320 ? nameKey[..320] : nameKey);

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

    private bool IsShut(SignInSubject subject) => _failures.TryGetValue(subject, out var failures) && failures.ShutUntil.CompareTo(Instant.Now(clock)) > 0;

    private int Count(SignInSubject subject, SecuritySettings rules)
    {
        var now = Instant.Now(clock);
        if (_failures.Count >= MaximumEntries)
        {
            Sweep(_failures, failures => failures.Forgotten.CompareTo(now) <= 0);
            if (_failures.Count >= MaximumEntries && !_failures.ContainsKey(subject))
            {
                return rules.LockoutFailures; // a flood from everywhere: the longest delay for newcomers
            }
        }

        return _failures.AddOrUpdate(subject, _ => Failed(0, now, rules), (_, old) => Failed(old.Forgotten.CompareTo(now) <= 0 ? 0 : old.Count, now, rules)).Count;
    }

    private static Failures Failed(int before, Instant now, SecuritySettings rules)
    {
        var count = before + 1;
        var minutes = TimeSpan.FromMinutes(rules.LockoutMinutes);
        if (count < rules.LockoutFailures)
        {
            return new Failures(count, now, default, now.Plus(minutes));
        }

        var shut = minutes * Math.Pow(2, Math.Min(count - rules.LockoutFailures, 12));
        var until = now.Plus(shut < LongestLockout ? shut : minutes > LongestLockout ? minutes : LongestLockout);
        return new Failures(count, now, until, until.Plus(minutes)); // one more quiet spell, then it begins anew
    }

    private sealed record Failures(int Count, Instant Last, Instant ShutUntil, Instant Forgotten);
}

/// <summary>Whose failures are counted.</summary>
public enum SignInSubjectKind
{
    /// <summary>An account by its log-in name, or a name that no account has.</summary>
    Account,

    /// <summary>A client's address; of IPv6 the network of 64 bits.</summary>
    Address,
}

/// <summary>An account or a client address.</summary>
public readonly record struct SignInSubject(SignInSubjectKind Kind, string Name);

/// <summary>Failed log-ins of one subject.</summary>
/// <param name="Subject">Whose.</param>
/// <param name="Failures">How many in a row.</param>
/// <param name="Last">The last one.</param>
public sealed record SignInLock(SignInSubject Subject, int Failures, Instant Last)
{
    /// <summary>No log-in is tried before then; null when it is only slowed down.</summary>
    public Instant? ShutUntil { get; init; }
}
