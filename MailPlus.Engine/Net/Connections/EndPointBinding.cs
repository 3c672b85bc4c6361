using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MailPlus.Engine.Net.Connections;

/// <summary>
/// Channel binding of type tls-server-end-point (RFC 5929 4): the hash of the server's certificate. It is the one type that .NET can tell under TLS 1.3;
/// SslStream hands out no keying material, so tls-exporter (RFC 9266) cannot be had.
/// </summary>
internal static class EndPointBinding
{
    /// <summary>The hash by the algorithm of the certificate's own signature, SHA-256 in place of MD5 and SHA-1; empty where the type is not defined for it.</summary>
    public static ReadOnlyMemory<byte> Of(X509Certificate2 certificate) => certificate.SignatureAlgorithm.Value switch
    {
        "1.2.840.113549.1.1.4" or "1.2.840.113549.1.1.5" or "1.2.840.10045.4.1" => SHA256.HashData(certificate.RawDataMemory.Span),
        "1.2.840.113549.1.1.11" or "1.2.840.10045.4.3.2" => SHA256.HashData(certificate.RawDataMemory.Span),
        "1.2.840.113549.1.1.12" or "1.2.840.10045.4.3.3" => SHA384.HashData(certificate.RawDataMemory.Span),
        "1.2.840.113549.1.1.13" or "1.2.840.10045.4.3.4" => SHA512.HashData(certificate.RawDataMemory.Span),
        _ => default,
    };
}
