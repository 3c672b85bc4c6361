using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace MailPlus.Engine.Smtp.Client;

/// <summary>What validation said, as a result type of RFC 8460.</summary>
internal static class CertificateFaults
{
    /// <summary>Of the Web's PKI.</summary>
    public static TlsFault Of(SslPolicyErrors errors, X509Chain? chain)
    {
        if (errors == SslPolicyErrors.None)
        {
            return TlsFault.None;
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
        {
            return TlsFault.ValidationFailure;
        }

        var status = X509ChainStatusFlags.NoError;
        foreach (var one in chain?.ChainStatus ?? [])
        {
            status |= one.Status;
        }

        return errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) ? Of(status == X509ChainStatusFlags.NoError ? X509ChainStatusFlags.PartialChain : status) : TlsFault.CertificateHostMismatch;
    }

    /// <summary>Of a chain.</summary>
    public static TlsFault Of(X509ChainStatusFlags status) => status switch
    {
        X509ChainStatusFlags.NoError => TlsFault.None,
        _ when status.HasFlag(X509ChainStatusFlags.NotTimeValid) => TlsFault.CertificateExpired,
        _ when (status & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) != 0 => TlsFault.CertificateNotTrusted,
        _ => TlsFault.ValidationFailure,
    };

    /// <summary>For people.</summary>
    public static string Words(TlsFault fault) => fault switch
    {
        TlsFault.CertificateHostMismatch => "the certificate is for another name",
        TlsFault.CertificateExpired => "the certificate is out of date",
        TlsFault.CertificateNotTrusted => "no trusted authority issued the certificate",
        _ => "the certificate did not verify",
    };
}
