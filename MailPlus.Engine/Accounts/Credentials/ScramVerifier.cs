using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace MailPlus.Engine.Accounts.Credentials;

/// <summary>What is kept of a password for SCRAM-SHA-256 (RFC 5802 3, RFC 7677), in the text form of RFC 5803.</summary>
internal sealed record ScramVerifier(int Iterations, byte[] Salt, byte[] StoredKey, byte[] ServerKey)
{
    /// <summary>Of all verifiers made now, and of those made up for names nobody has.</summary>
    public const int UsualIterations = 10_000;

    /// <summary>Octets of a salt.</summary>
    public const int SaltOctets = 16;

    private const int MostIterations = 10_000_000;

    /// <summary>The verifier of a new password.</summary>
    public static ScramVerifier Make(string password)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltOctets);
        var salted = Rfc2898DeriveBytes.Pbkdf2(PasswordHashing.Octets(password), salt, UsualIterations, HashAlgorithmName.SHA256, SHA256.HashSizeInBytes);
        return new ScramVerifier(UsualIterations, salt, SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8)), HMACSHA256.HashData(salted, "Server Key"u8));
    }

    /// <summary>A verifier nothing proves, with the salt a name would have if there were an account: the same one each time it is asked for.</summary>
    public static ScramVerifier ForNobody(ReadOnlySpan<byte> secret, string name) => new(
        UsualIterations,
        HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes(name))[..SaltOctets],
        RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes),
        RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes));

    /// <summary>Reads the text form; null for none or another mechanism's.</summary>
    public static ScramVerifier? Parse(string? text)
    {
        if (text?.Split('$', ':') is not ["SCRAM-SHA-256", var iterations, var salt, var stored, var server]
            || !int.TryParse(iterations, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is < 1 or > MostIterations)
        {
            return null;
        }

        return new ScramVerifier(count, Convert.FromBase64String(salt), Convert.FromBase64String(stored), Convert.FromBase64String(server));
    }

    /// <summary>The text form.</summary>
    public string Format() => string.Create(
        CultureInfo.InvariantCulture, $"SCRAM-SHA-256${Iterations}:{Convert.ToBase64String(Salt)}${Convert.ToBase64String(StoredKey)}:{Convert.ToBase64String(ServerKey)}");

    /// <summary>Whether a ClientProof over AuthMessage is right (RFC 5802 3).</summary>
    public bool Proves(ReadOnlySpan<byte> words, ReadOnlySpan<byte> proof)
    {
        var key = HMACSHA256.HashData(StoredKey, words);
        for (var i = 0; i < key.Length; i++)
        {
            key[i] ^= proof[i];
        }

        return CryptographicOperations.FixedTimeEquals(SHA256.HashData(key), StoredKey);
    }

    /// <summary>ServerSignature over AuthMessage.</summary>
    public byte[] Sign(ReadOnlySpan<byte> words) => HMACSHA256.HashData(ServerKey, words);
}
