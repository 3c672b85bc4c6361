using System.Text;
using MailPlus.Tests.Support;

namespace MailPlus.Tests.Fuzz;

/// <summary>What mutation begins with: correct dialogues, and messages ordinary and odd.</summary>
internal static class Seeds
{
    public static IReadOnlyList<IReadOnlyList<byte[]>> Smtp(string password)
    {
        var plain = Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0fuzz\0{password}"));
        return Dialogues(
            ["EHLO client.example.net", "MAIL FROM:<a@example.net> SIZE=1000 BODY=8BITMIME", "RCPT TO:<fuzz@example.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;fuzz@example.test", "DATA", "Subject: x\r\n\r\ntext\r\n.", "QUIT"],
            ["HELO client.example.net", "MAIL FROM:<>", "RCPT TO:<postmaster>", "RCPT TO:<fuzz+detail@example.test>", "DATA", "From: a@b\r\n\r\n..\r\n.", "RSET", "NOOP", "QUIT"],
            ["EHLO [127.0.0.1]", "MAIL FROM:<\"quoted \\\" local\"@example.net> RET=HDRS ENVID=abc+2B", "RCPT TO:<fuzz@example.test>", "BDAT 16", "Subject: bdat\r\n\r\nBDAT 6 LAST", "hello!", "QUIT"],
            ["EHLO client.example.net", "MAIL FROM:<한글@예제.테스트> SMTPUTF8", "RCPT TO:<fuzz@EXAMPLE.test>", "VRFY fuzz", "EXPN list", "HELP", "DATA", ".", "QUIT"],
            ["EHLO client.example.net", $"AUTH PLAIN {plain}", "MAIL FROM:<fuzz@example.test> AUTH=<>", "RCPT TO:<fuzz@example.test>", "RCPT TO:<nobody@example.test>", "DATA", "Subject: y\r\nTo: z\r\n\r\n.\r\n..\r\nend\r\n.", "QUIT"],
            ["EHLO client.example.net", "AUTH LOGIN", "ZnV6eg==", Convert.ToBase64String(Encoding.UTF8.GetBytes(password)), "AUTH PLAIN", "*", "AUTH SCRAM-SHA-256 biwsbj1mdXp6LHI9YWJj", "*", "STARTTLS", "QUIT"]);
    }

    public static IReadOnlyList<IReadOnlyList<byte[]>> Imap(string password)
    {
        var login = $"a1 LOGIN fuzz {password}";
        var plain = Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0fuzz\0{password}"));
        const string Message = "From: f@example.net\r\nSubject: appended\r\n\r\ntext\r\n";
        return Dialogues(
            ["a0 CAPABILITY", login, "a2 SELECT INBOX", "a3 FETCH 1:9 (UID FLAGS ENVELOPE BODYSTRUCTURE RFC822.SIZE INTERNALDATE)", "a4 UID FETCH 1:5 (BODY.PEEK[HEADER.FIELDS (FROM TO)] BODY[1]<0.20> MODSEQ)", "a5 LOGOUT"],
            [login, "a2 APPEND INBOX (\\Seen $Junk) \"24-Nov-2026 10:00:00 +0000\" {" + Message.Length + "+}\r\n" + Message, "a3 SELECT INBOX (CONDSTORE)", "a4 STORE 1 +FLAGS.SILENT (\\Flagged key)", "a5 UID STORE 1:3 (UNCHANGEDSINCE 1) -FLAGS (\\Seen)", "a6 LOGOUT"],
            [login, "a2 LIST \"\" \"*\"", "a3 LIST (SUBSCRIBED) \"\" (\"%\" \"INBOX/%\") RETURN (CHILDREN SPECIAL-USE STATUS (MESSAGES UIDNEXT UNSEEN))", "a4 LSUB \"\" *", "a5 STATUS INBOX (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ)", "a6 NAMESPACE", "a7 LOGOUT"],
            [login, "a2 CREATE \"fuzz &1VxcbA-\"", "a3 SUBSCRIBE fuzz", "a4 RENAME \"fuzz &1VxcbA-\" fuzzy/deep/er", "a5 DELETE fuzzy/deep/er", "a6 DELETE fuzzy", "a7 LOGOUT"],
            [login, "a2 EXAMINE INBOX", "a3 SEARCH RETURN (MIN MAX COUNT ALL) OR (FROM x NOT SUBJECT {3+}\r\nabc) UNDELETED SINCE 1-Jan-2020 LARGER 10", "a4 UID SEARCH CHARSET UTF-8 TEXT \"한글\" 1:* KEYWORD k", "a5 SEARCH MODSEQ 1 HEADER Message-ID \"\"", "a6 UNSELECT", "a7 LOGOUT"],
            [login, "a2 ENABLE CONDSTORE QRESYNC IMAP4rev2 UTF8=ACCEPT", "a3 ID (\"name\" \"fuzz\" \"version\" NIL)", "a4 SELECT INBOX (QRESYNC (1 1 1:5))", "a5 IDLE", "DONE", "a6 NOOP", "a7 CLOSE", "a8 LOGOUT"],
            [login, "a2 SELECT INBOX", "a3 SORT RETURN (PARTIAL -1:-9 SAVE COUNT RELEVANCY) (REVERSE SUBJECT DISPLAYFROM RELEVANCY) UTF-8 FUZZY TEXT \"appended mail\"", "a4 UID THREAD REFS UTF-8 OLDER 5 SAVEDSINCE 1-Jan-2020", "a5 UID FETCH $ (PREVIEW (LAZY) SAVEDATE BINARY[1]<3.9> BINARY.SIZE[]) (PARTIAL 1:2 CHANGEDSINCE 1)", "a6 UID SEARCH RETURN (SAVE MIN) $ YOUNGER 9", "a7 LOGOUT"],
            [login, "a2 SELECT INBOX", "a3 APPEND INBOX (\\Seen) CATENATE (TEXT {" + Message.Length + "+}\r\n" + Message + " URL \"/INBOX/;UID=1/;SECTION=TEXT/;PARTIAL=1.9\" URL \";UID=2\")", "a4 REPLACE 1 INBOX ~{" + Message.Length + "+}\r\n" + Message, "a5 UID REPLACE 1 Archive CATENATE (URL {10+}\r\n/INBOX/;UID=1)", "a6 APPEND INBOX ~{" + Message.Length + "+}\r\n" + Message + " (x) {" + Message.Length + "+}\r\n" + Message, "a7 LOGOUT"],
            [login, "a2 SETMETADATA INBOX (/private/comment {3+}\r\nabc /shared/vendor/a/b ~{2+}\r\n\0x /private/x NIL)", "a3 GETMETADATA (MAXSIZE 100 DEPTH infinity) INBOX (/private /shared/comment)", "a4 GETMETADATA \"\" /private/x", "a5 SETMETADATA \"\" (/shared/comment \"x\")", "a6 LIST \"\" % RETURN (METADATA (/shared/comment))", "a7 LOGOUT"],
            [login, "a2 ESEARCH IN (personal) RETURN (MIN MAX COUNT ALL PARTIAL 1:5) CHARSET UTF-8 OR SEEN UNSEEN", "a3 ESEARCH IN (mailboxes (INBOX \"Archive\") subtree-one Junk subtree x inboxes subscribed) TEXT a", "a4 SELECT INBOX", "a5 ESEARCH IN (selected) RETURN (SAVE) 1:*", "a6 ESEARCH MODSEQ 1", "a7 LOGOUT"],
            [login, "a2 NOTIFY SET STATUS (selected (MessageNew (UID BODY.PEEK[HEADER.FIELDS (FROM)]) MessageExpunge FlagChange)) (personal (MailboxName SubscriptionChange MailboxMetadataChange))", "a3 SELECT INBOX", "a4 APPEND INBOX {" + Message.Length + "+}\r\n" + Message, "a5 STORE 1 +FLAGS (x)", "a6 NOTIFY SET (selected-delayed MessageNew MessageExpunge) (subtree (a b) (MessageNew MessageExpunge)) (mailboxes Junk NONE) (inboxes ServerMetadataChange)", "a7 IDLE", "DONE", "a8 NOTIFY NONE", "a9 LOGOUT"],
            [login, "a2 GENURLAUTH imap://fuzz@x/INBOX/;uid=1/;section=1;urlauth=user+fuzz INTERNAL \"imap://fuzz@x/INBOX/;uid=2/;partial=1.9;expire=2030-01-01T00:00:00Z;urlauth=anonymous\" internal", "a3 URLFETCH imap://fuzz@x/INBOX/;uid=1;urlauth=authuser:internal:01ab (\"imap://fuzz@x/INBOX/;uid=1;urlauth=anonymous:internal:01\" BINARY BODYPARTSTRUCTURE)", "a4 RESETKEY INBOX INTERNAL", "a5 RESETKEY", "a6 LOGOUT"],
            ["a0 LANGUAGE", "a1 LANGUAGE fr-CA ko {2+}\r\nen", login, "a3 GETQUOTA \"\"", "a4 SETQUOTA \"\" (STORAGE 99 MESSAGE 5)", "a5 STATUS INBOX (DELETED DELETED-STORAGE)", "a6 SELECT INBOX", "a7 UIDBATCHES 500 1:3", "a8 UID SEARCH RETURN (COUNT) UIDAFTER 1 UIDBEFORE 9 SUBJECT \"École 한\"", "a9 FETCH 1 (UID)", "b1 LOGOUT"],
            ["a0 AUTHENTICATE PLAIN " + plain, "a1 SELECT Trash", "a2 COPY 1:5 Archive", "a3 UID MOVE 1:2 Junk", "a4 EXPUNGE", "a5 UID EXPUNGE 1:*", "a6 CHECK", "a7 LOGOUT"],
            ["a0 AUTHENTICATE PLAIN", plain, "a1 STARTTLS", "a2 SELECT {5}", "INBOX", "a3 FETCH 1 (BINARY.PEEK[1] BINARY.SIZE[1] PREVIEW)", "a4 SORT (REVERSE DATE) UTF-8 ALL", "a5 THREAD REFERENCES UTF-8 ALL", "a6 GETQUOTAROOT INBOX", "a7 LOGOUT"]);
    }

    public static IReadOnlyList<IReadOnlyList<byte[]>> Pop3(string password)
    {
        string[] login = ["USER fuzz", $"PASS {password}"];
        var plain = Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0fuzz\0{password}"));
        return Dialogues(
            ["CAPA", .. login, "STAT", "LIST", "UIDL", "RETR 1", "TOP 1 5", "NOOP", "QUIT"],
            [.. login, "LIST 1", "UIDL 1", "TOP 1 0", "TOP 2 99999999999", "DELE 1", "DELE 2", "STAT", "RSET", "RETR 2", "QUIT"],
            [$"AUTH PLAIN {plain}", "STAT", "DELE 1", "LIST", "QUIT"],
            ["AUTH", "AUTH PLAIN", plain, "RETR 1", "RETR 2", "RETR 3", "QUIT"],
            ["AUTH LOGIN", "ZnV6eg==", Convert.ToBase64String(Encoding.UTF8.GetBytes(password)), "AUTH SCRAM-SHA-256 biwsbj1mdXp6LHI9YWJj", "Yz1iaXdzLHI9YWJjLHA9QUFBQQ==", "*", "QUIT"],
            ["UTF8", "LANG", "LANG ko", "LANG *", "APOP fuzz c4c9334bac560ecc979e58001b3e22fb", .. login, "LANG en-GB", "CAPA", "QUIT"],
            ["AUTH OAUTHBEARER bixhPWZ1enosAWF1dGg9QmVhcmVyIHgBAQ==", "AQ==", "AUTH EXTERNAL =", "USER fuzz", "PASS wrong", "STLS", "QUIT"]);
    }

    /// <summary>Own odd messages, and up to <paramref name="most"/> of the suites' where they are.</summary>
    public static IReadOnlyList<byte[]> Messages(int most)
    {
        var own = System.IO.Directory.GetFiles(Path.Combine(RepositoryTree.Root, "MailPlus.Tests", "Fuzz", "Messages"), "*.eml");
        var suite = RepositoryTree.Suites is { } suites && System.IO.Directory.Exists(Path.Combine(suites, "mime"))
            ? System.IO.Directory.GetFiles(Path.Combine(suites, "mime"), "*", SearchOption.AllDirectories).Where(IsSmallMessage).Order(StringComparer.Ordinal).ToList()
            : [];
        if (suite.Count == 0 && RepositoryTree.IsContinuousIntegration)
        {
            throw new DirectoryNotFoundException("no suites of messages (MAILPLUS_SUITES or shared/suites upward)");
        }

        var step = Math.Max(1, suite.Count / most);
        return [.. own.Order(StringComparer.Ordinal).Concat(suite.Where((_, i) => i % step == 0)).Select(File.ReadAllBytes)];
    }

    private static bool IsSmallMessage(string file)
        => Path.GetExtension(file) is ".eml" or ".txt" or ".msg" or ".raw" or "" && new FileInfo(file).Length is > 20 and < 100_000 && !file.EndsWith("SOURCE.txt", StringComparison.Ordinal);

    private static List<IReadOnlyList<byte[]>> Dialogues(params string[][] dialogues)
        => [.. dialogues.Select(d => d.Select(line => Encoding.UTF8.GetBytes(line + "\r\n")).ToList())];
}
