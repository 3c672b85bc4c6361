using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MailPlus.Engine.Tls.Acme;

/// <summary>The key of an account at a directory: signs each request as a flattened JWS with ES256 (RFC 8555 section 6.2, RFC 7515, RFC 7518 section 3.4).</summary>
internal sealed class AcmeKey : IDisposable
{
    private readonly ECDsa _key;
    private readonly JsonObject _public;

    private AcmeKey(ECDsa key)
    {
        _key = key;
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        _public = new JsonObject { ["crv"] = "P-256", ["kty"] = "EC", ["x"] = Base64Url.EncodeToString(point.X!), ["y"] = Base64Url.EncodeToString(point.Y!) };

        // RFC 7638 section 3: the members in this order, without white space.
        Thumbprint = Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(_public.ToJsonString())));
    }

    /// <summary>Names the key in answers to challenges (RFC 8555 section 8.1).</summary>
    public string Thumbprint { get; }

    public static AcmeKey Create() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <exception cref="CryptographicException">No such key.</exception>
    public static AcmeKey FromPem(string pem)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            return key.KeySize == 256 ? new AcmeKey(key) : throw new CryptographicException("not a key of P-256");
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            key.Dispose();
            throw new CryptographicException("no account key", failure);
        }
    }

    public string ToPem() => _key.ExportPkcs8PrivateKeyPem();

    /// <summary>A signed request. Without an account the key itself is named (RFC 8555 section 6.2); without a payload it asks only (section 6.3).</summary>
    public byte[] Sign(string url, string nonce, string? account, JsonNode? payload)
    {
        var head = new JsonObject { ["alg"] = "ES256", ["nonce"] = nonce, ["url"] = url };
        head[account is null ? "jwk" : "kid"] = account is null ? _public.DeepClone() : account;
        var (first, second) = (Encode(head.ToJsonString()), payload is null ? "" : Encode(payload.ToJsonString()));
        var signature = _key.SignData(Encoding.ASCII.GetBytes($"{first}.{second}"), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        return JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["protected"] = first, ["payload"] = second, ["signature"] = Base64Url.EncodeToString(signature) });
    }

    public void Dispose() => _key.Dispose();

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
