using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using MailPlus.Engine.Primitives;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace MailPlus.Engine.Accounts.Licensing;

/// <summary>What a licence key says (LIC, spec 04): so many accounts more, from a day to a day.</summary>
/// <param name="Id">Identity of the key; the same key counts once.</param>
/// <param name="Accounts">Accounts it gives.</param>
/// <param name="Issued">Day of issue.</param>
public sealed record LicenceKey(string Id, int Accounts, DateOnly Issued)
{
    /// <summary>First day it is valid, null from the day of issue.</summary>
    public DateOnly? From { get; init; }

    /// <summary>Last day it is valid (UTC), null for ever.</summary>
    public DateOnly? Until { get; init; }
}

/// <summary>
/// Reads keys: <c>MPL1-payload.signature</c>, both in base64url; the signature is Ed25519 over all that stands before the point. Nobody is asked:
/// the public key of whoever issues keys is built in.
/// </summary>
internal sealed class LicenceAuthority(byte[] publicKey)
{
    internal const string Prefix = "MPL1-";
    internal const int MostAccounts = 1_000_000;
    private const int LongestToken = 1000;
    private const string Resource = "MailPlus.Engine.Accounts.Licensing.issuer.pub";

    /// <summary>The issuer built into the product, or another one given for a test run.</summary>
    internal static LicenceAuthority Open(string? issuer)
    {
        if (issuer is null)
        {
            using var stream = typeof(LicenceAuthority).Assembly.GetManifestResourceStream(Resource) ?? throw new InvalidOperationException("the issuer's key is not built in");
            using var reader = new StreamReader(stream);
            issuer = reader.ReadToEnd();
        }

        return new LicenceAuthority(Convert.FromBase64String(issuer.Trim()));
    }

    /// <summary>What a key says, null when it was not issued by the authority or is no key at all.</summary>
    internal LicenceKey? Read(string token)
    {
        var point = token.IndexOf('.', StringComparison.Ordinal);
        if (token.Length > LongestToken || !token.StartsWith(Prefix, StringComparison.Ordinal) || point < 0)
        {
            return null;
        }

        var signed = Encoding.ASCII.GetBytes(token[..point]);
        if (Base64Url(token[(point + 1)..]) is not { } signature || signature.Length != Ed25519.SignatureSize || Base64Url(token[Prefix.Length..point]) is not { } payload
            || publicKey.Length != Ed25519.PublicKeySize || !Ed25519.Verify(signature, 0, publicKey, 0, signed, 0, signed.Length))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<Payload>(payload) is { Id.Length: > 0 and <= 64, Accounts: > 0 and <= MostAccounts } said
                ? new LicenceKey(said.Id, said.Accounts, said.Issued) { From = said.From, Until = said.Until }
                : null;
        }
        catch (JsonException)
        {
            return null; // signed, but not by this version's rules
        }
    }

    private static byte[]? Base64Url(string text)
    {
        try
        {
            return System.Buffers.Text.Base64Url.DecodeFromChars(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    internal sealed record Payload(
        [property: JsonPropertyName("id")] string Id, [property: JsonPropertyName("accounts")] int Accounts, [property: JsonPropertyName("issued")] DateOnly Issued)
    {
        [JsonPropertyName("from"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public DateOnly? From { get; init; }

        [JsonPropertyName("until"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public DateOnly? Until { get; init; }
    }
}
