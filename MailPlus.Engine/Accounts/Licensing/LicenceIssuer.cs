using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MailPlus.Engine.Primitives;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace MailPlus.Engine.Accounts.Licensing;

/// <summary>Signs licence keys, for whoever runs the business (LIC-09); a server never holds the private key.</summary>
public sealed class LicenceIssuer
{
    private readonly byte[] _privateKey;

    private LicenceIssuer(byte[] privateKey) => _privateKey = privateKey;

    /// <summary>The public half in base64, as it is built into the product.</summary>
    public string PublicKey
    {
        get
        {
            var octets = new byte[Ed25519.PublicKeySize];
            Ed25519.GeneratePublicKey(_privateKey, 0, octets, 0);
            return Convert.ToBase64String(octets);
        }
    }

    /// <summary>The private half in base64, to be kept where nobody else reads.</summary>
    public string PrivateKey => Convert.ToBase64String(_privateKey);

    /// <summary>A new issuer.</summary>
    public static LicenceIssuer Create() => new(RandomNumberGenerator.GetBytes(Ed25519.SecretKeySize));

    /// <summary>The issuer of a private key.</summary>
    /// <exception cref="RefusedException">Invalid when it is none.</exception>
    public static LicenceIssuer Open(string privateKey)
    {
        var octets = new byte[privateKey.Length];
        return Convert.TryFromBase64String(privateKey.Trim(), octets, out var length) && length == Ed25519.SecretKeySize
            ? new LicenceIssuer(octets[..length])
            : throw new RefusedException(new Refusal(RefusalKind.Invalid, "IssuerKeyMalformed") { Field = "Key" });
    }

    /// <summary>A key for so many accounts.</summary>
    /// <exception cref="RefusedException">Invalid with field "Accounts" or "Until".</exception>
    public string Issue(int accounts, DateOnly issued, DateOnly? from, DateOnly? until)
    {
        if (accounts is < 1 or > LicenceAuthority.MostAccounts)
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "NumberOutOfRange") { Field = "Accounts", Arguments = ["1", "1000000"] });
        }

        if (until < (from ?? issued))
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "LicenceEndsBefore") { Field = "Until" });
        }

        var id = Convert.ToHexString(RandomNumberGenerator.GetBytes(8));
        var payload = JsonSerializer.SerializeToUtf8Bytes(new LicenceAuthority.Payload(id, accounts, issued) { From = from, Until = until });
        var body = LicenceAuthority.Prefix + Base64Url.EncodeToString(payload);
        var signed = Encoding.ASCII.GetBytes(body);
        var signature = new byte[Ed25519.SignatureSize];
        Ed25519.Sign(_privateKey, 0, signed, 0, signed.Length, signature, 0);
        return $"{body}.{Base64Url.EncodeToString(signature)}";
    }
}
