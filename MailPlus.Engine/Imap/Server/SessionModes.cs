namespace MailPlus.Engine.Imap.Server;

/// <summary>What a client has switched on for this session (RFC 5161); UNAUTHENTICATE (RFC 8437) begins anew.</summary>
internal sealed class SessionModes
{
    /// <summary>CONDSTORE: MODSEQ stands in every FETCH of flags (RFC 7162 3.1).</summary>
    public bool CondStore { get; set; }

    /// <summary>QRESYNC: VANISHED instead of EXPUNGE, UID in every FETCH (RFC 7162 3.2).</summary>
    public bool QResync { get; set; }

    /// <summary>IMAP4rev2: no \Recent, ESEARCH instead of SEARCH, UTF-8 names (RFC 9051 E).</summary>
    public bool Rev2 { get; set; }

    /// <summary>UTF8=ACCEPT (RFC 6855).</summary>
    public bool Utf8 { get; set; }

    /// <summary>UIDONLY: no sequence numbers in either direction (RFC 9586).</summary>
    public bool UidOnly { get; set; }

    /// <summary>The language of texts for people (RFC 5255), null for "i-default", which is English in ASCII.</summary>
    public ResponseLanguage? Language { get; set; }

    /// <summary>Headers may hold UTF-8 as they are stored; else they are shown in ASCII (RFC 6858).</summary>
    public bool TakesUtf8 => Rev2 || Utf8;

    /// <summary>Mailbox names go as UTF-8 instead of modified UTF-7.</summary>
    public bool HasUtf8Names => Rev2 || Utf8;

    /// <summary>Removals are told as VANISHED.</summary>
    public bool SaysVanished => QResync || UidOnly;
}
