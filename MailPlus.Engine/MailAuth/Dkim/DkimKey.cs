using System.Security.Cryptography;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace MailPlus.Engine.MailAuth.Dkim;

/// <summary>A published key (RFC 6376 3.6.1, RFC 8463), read from its TXT record.</summary>
internal sealed class DkimKey
{
    private const int LongestKey = 4096;

    /// <summary>Verifiers never accept RSA below this (RFC 8301 3.2, mail-rules 31).</summary>
    public const int ShortestRsa = 1024;

    private const int LongestRsa = 8192;

    private byte[] _octets = [];

    private DkimKey()
    {
    }

    /// <summary>Ed25519, else RSA.</summary>
    public bool IsEd25519 { get; private init; }

    /// <summary>p= is empty: the key was withdrawn.</summary>
    public bool IsRevoked { get; private init; }

    /// <summary>t=s: the identity must be the signing domain itself.</summary>
    public bool Strict { get; private init; }

    /// <summary>Allowed hashes include SHA-256.</summary>
    public bool AllowsSha256 { get; private init; } = true;

    /// <summary>Meant for mail.</summary>
    public bool IsForMail { get; private init; } = true;

    /// <summary>Reads a record; null when it is no key.</summary>
    public static DkimKey? Read(string text)
    {
        if (TagList.Read(text) is not { } tags || !tags.TryGetValue("p", out var encoded)
            || (tags.TryGetValue("v", out var version) && (version != "DKIM1" || !text.TrimStart().StartsWith('v'))))
        {
            return null;
        }

        var type = tags.GetValueOrDefault("k", "rsa");
        var octets = TagList.Base64(encoded);
        var revoked = TagList.Dense(encoded).Length == 0;
        if (type is not ("rsa" or "ed25519") || (!revoked && (octets is null || octets.Length > LongestKey)))
        {
            return null;
        }

        return new DkimKey
        {
            IsEd25519 = type == "ed25519",
            IsRevoked = revoked,
            Strict = Items(tags, "t").Contains("s"),
            AllowsSha256 = !tags.ContainsKey("h") || Items(tags, "h").Contains("sha256"),
            IsForMail = !tags.ContainsKey("s") || Items(tags, "s").Any(item => item is "*" or "email"),
            _octets = octets ?? [],
        };
    }

    /// <summary>Verifies a signature over these canonical octets.</summary>
    public (AuthResult Result, string Detail) Verify(ReadOnlySpan<byte> signed, byte[] signature)
    {
        if (IsEd25519)
        {
            if (_octets.Length != Ed25519.PublicKeySize || signature.Length != Ed25519.SignatureSize)
            {
                return (AuthResult.PermError, "the key or the signature has the wrong length");
            }

            var digest = SHA256.HashData(signed); // RFC 8463 3: the hash is what is signed
            return Ed25519.Verify(signature, 0, _octets, 0, digest, 0, digest.Length) ? (AuthResult.Pass, "") : (AuthResult.Fail, "the signature does not match");
        }

        using var rsa = RSA.Create();
        try
        {
            Import(rsa);
            if (rsa.KeySize is < ShortestRsa or > LongestRsa)
            {
                return (AuthResult.Policy, $"RSA key of {rsa.KeySize} bits");
            }

            return rsa.VerifyData(signed, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1) ? (AuthResult.Pass, "") : (AuthResult.Fail, "the signature does not match");
        }
        catch (CryptographicException)
        {
            return (AuthResult.PermError, "the key cannot be read");
        }
    }

    private void Import(RSA rsa)
    {
        try
        {
            rsa.ImportSubjectPublicKeyInfo(_octets, out _);
        }
        catch (CryptographicException)
        {
            rsa.ImportRSAPublicKey(_octets, out _); // RFC 6376 3.6.1 says so, practice says the other
        }
    }

    private static IEnumerable<string> Items(Dictionary<string, string> tags, string name) =>
        TagList.Dense(tags.GetValueOrDefault(name, "")).Split(':');
}
