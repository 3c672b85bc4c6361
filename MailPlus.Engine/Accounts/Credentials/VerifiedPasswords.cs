using System.Collections.Concurrent;
using System.Security.Cryptography;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Accounts.Credentials;

/// <summary>
/// Passwords that were verified in the last ten minutes, in memory only, as HMAC under a key of this process: a client that logs in every minute costs no hashing.
/// An entry holds the stored hash it was verified against, so a changed password drops it by itself.
/// </summary>
internal sealed class VerifiedPasswords(TimeProvider clock)
{
    private const int MaximumEntries = 20_000;
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(10);

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly ConcurrentDictionary<AccountId, Verified> _entries = new();

    internal bool IsVerified(AccountId account, string password, string storedHash)
    {
        if (!_entries.TryGetValue(account, out var entry))
        {
            return false;
        }

        if (entry.StoredHash != storedHash || Instant.Now(clock).CompareTo(entry.Expires) >= 0)
        {
            _entries.TryRemove(account, out _);
            return false;
        }

        return CryptographicOperations.FixedTimeEquals(entry.Mac, Mac(account, password));
    }

    internal void Remember(AccountId account, string password, string storedHash)
    {
        if (_entries.Count >= MaximumEntries)
        {
            var now = Instant.Now(clock);
            foreach (var (old, entry) in _entries)
            {
                if (entry.Expires.CompareTo(now) <= 0)
                {
                    _entries.TryRemove(old, out _);
                }
            }

            if (_entries.Count >= MaximumEntries)
            {
                return;
            }
        }

        _entries[account] = new Verified(Mac(account, password), storedHash, Instant.Now(clock).Plus(Life));
    }

    private byte[] Mac(AccountId account, string password)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        mac.AppendData(BitConverter.GetBytes(account.Value));
        mac.AppendData(PasswordHashing.Octets(password));
        return mac.GetHashAndReset();
    }

    private sealed record Verified(byte[] Mac, string StoredHash, Instant Expires);
}
