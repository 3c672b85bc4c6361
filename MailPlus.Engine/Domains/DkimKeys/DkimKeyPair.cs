using System.Security.Cryptography;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace MailPlus.Engine.Domains.DkimKeys;

/// <summary>A new key pair in the forms that are kept and published.</summary>
/// <param name="PrivateKey">PKCS #8 of RSA, the seed of Ed25519; base64.</param>
/// <param name="PublicKey">What p= says: SubjectPublicKeyInfo of RSA, the 32 octets of Ed25519; base64 (RFC 6376 3.6.1, RFC 8463 4).</param>
internal sealed record DkimKeyPair(string PrivateKey, string PublicKey)
{
    internal static DkimKeyPair Make(DkimAlgorithm algorithm, int bits)
    {
        if (algorithm == DkimAlgorithm.Ed25519)
        {
            var seed = RandomNumberGenerator.GetBytes(Ed25519.SecretKeySize);
            var open = new byte[Ed25519.PublicKeySize];
            Ed25519.GeneratePublicKey(seed, 0, open, 0);
            return new DkimKeyPair(Convert.ToBase64String(seed), Convert.ToBase64String(open));
        }

        using var rsa = RSA.Create(bits);
        return new DkimKeyPair(Convert.ToBase64String(rsa.ExportPkcs8PrivateKey()), Convert.ToBase64String(rsa.ExportSubjectPublicKeyInfo()));
    }
}
