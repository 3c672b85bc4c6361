using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using MailPlus.Engine.Domains.DkimKeys;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace MailPlus.Engine.MailAuth.Dkim;

/// <summary>
/// Signs a message (RFC 6376 3.7, RFC 8463): relaxed canonicalisation, the whole body, over the octets that are kept and sent (decision 0008). From stands in h=
/// once more than it is there, so that none can be added.
/// </summary>
internal static class DkimSigner
{
    private const int LineLength = 72;

    /// <summary>Fields that are signed where they are there (RFC 6376 5.4.1).</summary>
    private static readonly string[] Signed =
    [
        "From", "Sender", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
        "Content-ID", "Content-Description", "Resent-Date", "Resent-From", "Resent-Sender", "Resent-To", "Resent-Cc", "Resent-Message-ID",
        "List-Id", "List-Help", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Subscribe", "List-Post", "List-Owner", "List-Archive", "Auto-Submitted",
    ];

    /// <summary>The DKIM-Signature field of a key, with its line end.</summary>
    /// <param name="content">The message.</param>
    /// <param name="header">Its header.</param>
    /// <param name="domain">d=.</param>
    /// <param name="key">The key.</param>
    /// <param name="now">t=.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public static async Task<string> SignAsync(MessageContent content, HeaderFields header, string domain, (SigningKey Key, Instant Now) key, CancellationToken cancellationToken)
    {
        var form = new BodyForm(Relaxed: true, Limit: null);
        var body = (await BodyHasher.HashAsync(content, header.Length, [form], cancellationToken))[form];
        var fields = new SignedHeader(header);
        var names = Signed.SelectMany(name => Enumerable.Repeat(name, fields.Named(name).Count)).Append("From").ToList();
        var algorithm = key.Key.Algorithm == DkimAlgorithm.Rsa ? "rsa-sha256" : "ed25519-sha256";
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"DKIM-Signature: v=1; a={algorithm}; c=relaxed/relaxed; d={domain};\r\n");
        text.Append(CultureInfo.InvariantCulture, $"\ts={key.Key.Selector}; t={key.Now.Microseconds / 1_000_000}; q=dns/txt;\r\n");
        text.Append("\th=");
        Fold(text, string.Join(':', names), ':', 3);
        text.Append(CultureInfo.InvariantCulture, $";\r\n\tbh={Convert.ToBase64String(body.Hash)};\r\n\tb=");

        var signed = new ArrayBufferWriter<byte>();
        fields.AppendNamed(names, relaxed: true, signed);
        var own = HeaderFields.Read(Encoding.ASCII.GetBytes(text + "\r\n"));
        new SignedHeader(own).AppendUnsigned(own.Fields[0], relaxed: true, signed);

        var signature = Convert.ToBase64String(Sign(key.Key, signed.WrittenSpan));
        Fold(text, signature, '\0', 3);
        return text.Append("\r\n").ToString();
    }

    private static byte[] Sign(SigningKey key, ReadOnlySpan<byte> octets)
    {
        if (key.Algorithm == DkimAlgorithm.Ed25519)
        {
            var digest = SHA256.HashData(octets); // RFC 8463 3: the hash is what is signed
            var signature = new byte[Ed25519.SignatureSize];
            Ed25519.Sign(key.PrivateKey.ToArray(), 0, digest, 0, digest.Length, signature, 0);
            return signature;
        }

        using var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(key.PrivateKey.Span, out _);
        return rsa.SignData(octets, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    /// <summary>Appends text in lines of a decent length, broken after a character, or anywhere when it is NUL.</summary>
    private static void Fold(StringBuilder target, string text, char after, int column)
    {
        foreach (var piece in after == '\0' ? text.Chunk(LineLength - 4).Select(chunk => new string(chunk)) : text.Split(after).Select((part, at) => at == 0 ? part : after + part))
        {
            if (column > 3 && column + piece.Length > LineLength)
            {
                target.Append("\r\n\t ");
                column = 2;
            }

            target.Append(piece);
            column += piece.Length;
        }
    }
}
