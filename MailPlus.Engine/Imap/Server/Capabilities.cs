namespace MailPlus.Engine.Imap.Server;

/// <summary>What CAPABILITY says. A name stands here only when it is done in full and has a dialogue test.</summary>
internal static class Capabilities
{
    private const string Always = "IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR ID ENABLE LANGUAGE";

    private const string SignedIn =
        "NAMESPACE IDLE UIDPLUS MOVE UNSELECT CHILDREN SPECIAL-USE LIST-EXTENDED LIST-STATUS STATUS=SIZE CONDSTORE ESEARCH QUOTA QUOTA=RES-STORAGE QUOTA=RES-MESSAGE " + Searching + " " + Staying;

    private const string Searching = "SORT SORT=DISPLAY THREAD=ORDEREDSUBJECT THREAD=REFERENCES THREAD=REFS ESORT SEARCHRES WITHIN SEARCH=FUZZY SAVEDATE INPROGRESS PARTIAL CONTEXT=SEARCH CONTEXT=SORT "
        + "BINARY CATENATE MULTIAPPEND REPLACE PREVIEW";

    private const string Staying = "QRESYNC UIDONLY UNAUTHENTICATE OBJECTID CREATE-SPECIAL-USE METADATA LIST-METADATA ACL RIGHTS=texk LIST-MYRIGHTS UIDBATCHES I18NLEVEL=1 MULTISEARCH NOTIFY UTF8=ACCEPT "
        + "URLAUTH URLAUTH=BINARY URL-PARTIAL";

    /// <summary>The capabilities in the present state.</summary>
    public static string Of(ImapSession session)
    {
        if (session.Actor is not null)
        {
            return $"{Always} {SignedIn}{(session.With.Quotas is null ? "" : " QUOTASET")}{Commands.MessageLimits.Words(session)}{(session.IsCompressed ? "" : " COMPRESS=DEFLATE")} APPENDLIMIT={session.Settings.Smtp.MaximumMessageSize}";
        }

        var startTls = session.Connection.IsTls ? "" : " STARTTLS";
        return $"{Always} IDLE{startTls}{(session.AllowsPasswords ? Commands.AuthenticateCommand.Words(session) : " LOGINDISABLED")}";
    }
}
