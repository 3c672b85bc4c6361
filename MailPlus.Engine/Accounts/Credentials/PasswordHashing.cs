using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Konscious.Security.Cryptography;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Accounts.Credentials;

/// <summary>What is kept of a password.</summary>
/// <param name="Hash">Argon2id in PHC string form.</param>
/// <param name="ScramVerifier">SCRAM-SHA-256 verifier (RFC 5802, RFC 7677) as <c>SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey</c> (RFC 5803 form).</param>
internal sealed record StoredPassword(string Hash, string ScramVerifier);

/// <summary>
/// Argon2id with the smallest parameters OWASP recommends (19 MiB, two passes, one lane) and at most two hashings at once, so that a storm of log-ins costs 40 MB
/// and two cores at worst (design 2).
/// </summary>
public sealed class PasswordHashing : IDisposable
{
    private const int MemoryKibibytes = 19 * 1024;
    private const int Passes = 2;
    private const int Lanes = 1;
    private const int SaltOctets = 16;
    private const int HashOctets = 32;

    private readonly SemaphoreSlim _hashings = new(2, 2);

    /// <summary>Both forms of a password, made at the same time (mail-rules 22).</summary>
    internal async Task<StoredPassword> HashAsync(string password, CancellationToken cancellationToken)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltOctets);
        var parameters = new Parameters(MemoryKibibytes, Passes, Lanes, salt, []);
        var hash = await DeriveAsync(password, parameters, HashOctets, cancellationToken);
        return new StoredPassword(parameters.Format(hash), ScramVerifier.Make(password).Format());
    }

    /// <summary>Whether a password is the one a hash was made from. A null hash costs the same time and is false.</summary>
    internal async Task<bool> VerifyAsync(string password, string? hash, CancellationToken cancellationToken)
    {
        var stored = hash is null ? null : Parameters.Parse(hash);
        var parameters = stored ?? new Parameters(MemoryKibibytes, Passes, Lanes, new byte[SaltOctets], new byte[HashOctets]);
        var derived = await DeriveAsync(password, parameters, parameters.Hash.Length, cancellationToken);
        return CryptographicOperations.FixedTimeEquals(derived, parameters.Hash) && stored is not null;
    }

    /// <inheritdoc/>
    public void Dispose() => _hashings.Dispose();

    /// <summary>The octets of a password: NFKC, as SASLprep asks (RFC 4013), so that one typed on another keyboard is the same one.</summary>
    internal static byte[] Octets(string password) => Encoding.UTF8.GetBytes(UnicodeText.Normalised(password, NormalizationForm.FormKC));

    private async Task<byte[]> DeriveAsync(string password, Parameters parameters, int length, CancellationToken cancellationToken)
    {
        await _hashings.WaitAsync(cancellationToken);
        try
        {
            using var argon = new Argon2id(Octets(password))
            {
                MemorySize = parameters.Memory,
                Iterations = parameters.Passes,
                DegreeOfParallelism = parameters.Lanes,
                Salt = parameters.Salt,
            };
            return await Task.Run(() => argon.GetBytesAsync(length), cancellationToken);
        }
        finally
        {
            _hashings.Release();
        }
    }

    private sealed record Parameters(int Memory, int Passes, int Lanes, byte[] Salt, byte[] Hash)
    {
        internal string Format(byte[] hash) => string.Create(
            CultureInfo.InvariantCulture, $"$argon2id$v=19$m={Memory},t={Passes},p={Lanes}${Base64(Salt)}${Base64(hash)}");

        internal static Parameters? Parse(string text)
        {
            var parts = text.Split('$');
            if (parts is not ["", "argon2id", "v=19", var costs, var salt, var hash])
            {
                return null;
            }

            var numbers = costs.Split(',').Select(cost => int.TryParse(cost.AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0).ToArray();
            return numbers is [> 0 and <= 1_048_576, > 0 and <= 100, > 0 and <= 64]
                ? new Parameters(numbers[0], numbers[1], numbers[2], Octets64(salt), Octets64(hash))
                : null;
        }

        // PHC strings leave the padding away.
        private static string Base64(byte[] octets) => Convert.ToBase64String(octets).TrimEnd('=');

        private static byte[] Octets64(string text) => Convert.FromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='));
    }
}
