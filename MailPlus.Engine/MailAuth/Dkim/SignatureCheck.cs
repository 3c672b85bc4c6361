using System.Buffers;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Resolver;

namespace MailPlus.Engine.MailAuth.Dkim;

/// <summary>What became of a DKIM signature.</summary>
/// <param name="Result">Result in the words of RFC 8601 2.7.1.</param>
/// <param name="Domain">d=, "" when it could not be read.</param>
/// <param name="Selector">s=.</param>
public sealed record DkimOutcome(AuthResult Result, string Domain, string Selector)
{
    /// <summary>First characters of b=, to tell signatures of one domain apart (RFC 6008).</summary>
    public string SignatureStart { get; init; } = "";

    /// <summary>Why it did not pass.</summary>
    public string Detail { get; init; } = "";
}

/// <summary>Checks signatures of a message: those of DKIM, and those of ARC by the same rules. Bounded in number, sizes and by the caller's deadline.</summary>
/// <param name="resolver">DNS.</param>
/// <param name="clock">Clock.</param>
internal sealed class SignatureCheck(IDnsResolver resolver, TimeProvider clock)
{
    private const int ToldCharacters = 8; // RFC 6008 4: enough to tell signatures apart

    /// <summary>Signatures that are looked at; whoever signs more often hides something.</summary>
    public const int MostSignatures = 10;

    /// <summary>The DKIM signatures of a header, read.</summary>
    public static IReadOnlyList<(DkimSignature? Signature, DkimOutcome Fault)> Read(SignedHeader header) =>
        [
            .. header.Named("DKIM-Signature").Take(MostSignatures).Select(field =>
            {
                var value = header.Value(field);
                var signature = DkimSignature.Read(field, value, false, out var fault);
                var tags = TagList.Read(value);
                var outcome = new DkimOutcome(fault.Result, tags?.GetValueOrDefault("d", "").ToLowerInvariant() ?? "", tags?.GetValueOrDefault("s", "") ?? "") { Detail = fault.Detail };
                return (signature, outcome);
            }),
        ];

    /// <summary>Verifies a DKIM signature.</summary>
    public async Task<DkimOutcome> VerifyAsync(DkimSignature signature, SignedHeader header, BodyHash body, CancellationToken cancellationToken)
    {
        var (result, detail) = await JudgeAsync(signature, header, body, cancellationToken);
        var text = Convert.ToBase64String(signature.Signature);
        return new DkimOutcome(result, signature.Domain, signature.Selector) { Detail = detail, SignatureStart = text[..Math.Min(text.Length, ToldCharacters)] };
    }

    /// <summary>Verifies a DKIM signature or an ARC-Message-Signature.</summary>
    public async Task<(AuthResult Result, string Detail)> JudgeAsync(DkimSignature signature, SignedHeader header, BodyHash body, CancellationToken cancellationToken)
    {
        if (signature.Signature.Length < 6)
        {
            return (AuthResult.PermError, "the signature is too short");
        }

        if (signature.Form.Limit > body.Length)
        {
            return (AuthResult.PermError, "the signature covers more than the body has");
        }

        if (!signature.BodyHash.AsSpan().SequenceEqual(body.Hash))
        {
            return (AuthResult.Fail, "the body was changed");
        }

        if (signature.Expires < clock.GetUtcNow().ToUnixTimeSeconds())
        {
            return (AuthResult.Fail, "the signature has expired");
        }

        var signed = new ArrayBufferWriter<byte>();
        header.AppendNamed(signature.Names, signature.RelaxedHeader, signed);
        header.AppendUnsigned(signature.Field, signature.RelaxedHeader, signed);
        var key = await VerifyAsync(signature.KeyName, signature.IsEd25519, signed.WrittenMemory, signature.Signature, signature.Identity == signature.Domain, cancellationToken);

        // RFC 6376 8.2: what is added below a partly signed body is nobody's word.
        return key.Result == AuthResult.Pass && signature.Form.Limit < body.Length ? (AuthResult.Policy, "only a part of the body is signed") : key;
    }

    /// <summary>Verifies signed octets with the key of a name.</summary>
    public async Task<(AuthResult Result, string Detail)> VerifyAsync(
        string keyName, bool isEd25519, ReadOnlyMemory<byte> signed, byte[] signature, bool isExactIdentity, CancellationToken cancellationToken)
    {
        var answer = await resolver.QueryTxtAsync(keyName, cancellationToken);
        if (answer.Status == DnsStatus.TemporaryFailure)
        {
            return (AuthResult.TempError, $"{keyName}: {answer.Detail}");
        }

        var key = answer.Records.Take(4).Select(DkimKey.Read).FirstOrDefault(read => read is not null);
        return key switch
        {
            null => (AuthResult.PermError, "no key is published"),
            { IsRevoked: true } => (AuthResult.PermError, "the key was withdrawn"),
            { IsForMail: false } or { AllowsSha256: false } => (AuthResult.PermError, "the key is not meant for this"),
            _ when key.IsEd25519 != isEd25519 => (AuthResult.PermError, "the key is of another kind"),
            _ when key.Strict && !isExactIdentity => (AuthResult.PermError, "the key does not speak for subdomains"),
            _ => key.Verify(signed.Span, signature),
        };
    }
}
