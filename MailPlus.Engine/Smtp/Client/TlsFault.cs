namespace MailPlus.Engine.Smtp.Client;

/// <summary>What was wrong with TLS or the policy about it: the result types of RFC 8460 4.3.</summary>
internal enum TlsFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>STARTTLS was not offered or was refused.</summary>
    StartTlsNotSupported,

    /// <summary>The certificate is for another name.</summary>
    CertificateHostMismatch,

    /// <summary>The certificate is out of date, or not yet in force.</summary>
    CertificateExpired,

    /// <summary>No trusted authority issued the certificate.</summary>
    CertificateNotTrusted,

    /// <summary>Any other failure.</summary>
    ValidationFailure,

    /// <summary>No TLSA record was of any use.</summary>
    TlsaInvalid,

    /// <summary>The resolver gave no valid answer for the TLSA records.</summary>
    DnssecInvalid,

    /// <summary>The MTA-STS policy could not be fetched.</summary>
    StsPolicyFetchError,

    /// <summary>The MTA-STS policy cannot be read.</summary>
    StsPolicyInvalid,

    /// <summary>The policy host could not prove who it is.</summary>
    StsWebPkiInvalid,
}
