namespace MailPlus.Engine.Smtp.Wire;

/// <summary>The first word of a command line.</summary>
public enum SmtpVerb
{
    /// <summary>None we know.</summary>
    Unknown,

    /// <summary>HELO, RFC 5321 4.1.1.1.</summary>
    Helo,

    /// <summary>EHLO, RFC 5321 4.1.1.1.</summary>
    Ehlo,

    /// <summary>MAIL FROM:, RFC 5321 4.1.1.2.</summary>
    Mail,

    /// <summary>RCPT TO:, RFC 5321 4.1.1.3.</summary>
    Rcpt,

    /// <summary>DATA, RFC 5321 4.1.1.4.</summary>
    Data,

    /// <summary>BDAT, RFC 3030 2.</summary>
    Bdat,

    /// <summary>RSET, RFC 5321 4.1.1.5.</summary>
    Rset,

    /// <summary>NOOP, RFC 5321 4.1.1.9.</summary>
    Noop,

    /// <summary>QUIT, RFC 5321 4.1.1.10.</summary>
    Quit,

    /// <summary>VRFY, RFC 5321 4.1.1.6.</summary>
    Vrfy,

    /// <summary>EXPN, RFC 5321 4.1.1.7.</summary>
    Expn,

    /// <summary>HELP, RFC 5321 4.1.1.8.</summary>
    Help,

    /// <summary>STARTTLS, RFC 3207.</summary>
    StartTls,

    /// <summary>AUTH, RFC 4954.</summary>
    Auth,

    /// <summary>ETRN, RFC 1985.</summary>
    Etrn,

    /// <summary>XCLIENT, Postfix.</summary>
    XClient,

    /// <summary>The first line of an HTTP request that strayed here.</summary>
    Http,
}
