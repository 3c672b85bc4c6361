namespace MailPlus.Engine.Store.Sqlite;

/// <summary>
/// The schema of an account's <c>mail.db</c>, as scripts by version. Row ids that are <c>mailbox * 2^32 + uid</c> keep a mailbox's rows together in UID order
/// at the price of one integer key. What one delivery writes is kept to few pages: counters of all mailboxes share one.
/// </summary>
internal static class MailSchema
{
    /// <summary>"MPma": marks a file as an account's mail.</summary>
    public const int ApplicationId = 0x4d506d61;

    /// <summary>Scripts by version.</summary>
    public static IReadOnlyList<string> Scripts { get; } = [First, ObjectIds, Annotations, AccessControl, UrlKeys, Readers, UserScripts];

    private const string First = """
        -- One row. epoch: identity of this history, NULL in a copy, which takes a new one (and new UIDVALIDITYs) when first opened (mail-rules 7).
        -- modseq_limit: MODSEQs up to it may have been given out by commits that were not flushed (mail-rules 6).
        CREATE TABLE account(id INTEGER PRIMARY KEY CHECK(id = 0), epoch TEXT, modseq INTEGER NOT NULL, modseq_limit INTEGER NOT NULL,
            next_mailbox INTEGER NOT NULL, uid_validity INTEGER NOT NULL);
        INSERT INTO account VALUES(0, NULL, 1, 1, 1, 0);

        CREATE TABLE mailbox(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, special_use INTEGER NOT NULL, selectable INTEGER NOT NULL,
            uid_validity INTEGER NOT NULL, keywords TEXT NOT NULL);
        -- purged: MODSEQ below which tombstones are gone (mail-rules 9).
        CREATE TABLE counter(mailbox INTEGER PRIMARY KEY, uid_next INTEGER NOT NULL, modseq INTEGER NOT NULL, messages INTEGER NOT NULL, unseen INTEGER NOT NULL,
            deleted INTEGER NOT NULL, size INTEGER NOT NULL, first_recent INTEGER NOT NULL, purged INTEGER NOT NULL);
        CREATE TABLE subscription(name TEXT PRIMARY KEY) WITHOUT ROWID;

        -- id = mailbox * 2^32 + uid. modseq, flags, keywords are those at entry: later ones are in state_block and change.
        CREATE TABLE message(id INTEGER PRIMARY KEY, body INTEGER NOT NULL, modseq INTEGER NOT NULL, flags INTEGER NOT NULL, keywords INTEGER NOT NULL,
            internal_date INTEGER NOT NULL, save_date INTEGER NOT NULL, size INTEGER NOT NULL);
        -- data: generated prefix and message when small; only the prefix when the message is bodies/<file>.
        CREATE TABLE body(id INTEGER PRIMARY KEY, size INTEGER NOT NULL, prefix_length INTEGER NOT NULL, header_length INTEGER NOT NULL, file TEXT, data BLOB NOT NULL);
        CREATE INDEX body_file ON body(file) WHERE file IS NOT NULL;
        -- Bodies that several messages refer to; a body not in here has one.
        CREATE TABLE shared(body INTEGER PRIMARY KEY, refs INTEGER NOT NULL);
        CREATE TABLE summary(body INTEGER PRIMARY KEY, envelope BLOB NOT NULL, structure BLOB NOT NULL, plain_structure BLOB NOT NULL, subject TEXT NOT NULL,
            from_name TEXT NOT NULL, from_address TEXT NOT NULL, to_names TEXT NOT NULL, preview TEXT NOT NULL, sent INTEGER, attachments INTEGER NOT NULL,
            message_id TEXT NOT NULL, refs TEXT NOT NULL);

        -- Packed states; id = mailbox * 2^32 + first uid. fold says up to which uid and MODSEQ they are true.
        CREATE TABLE state_block(id INTEGER PRIMARY KEY, data BLOB NOT NULL);
        CREATE TABLE fold(mailbox INTEGER PRIMARY KEY, uid INTEGER NOT NULL, modseq INTEGER NOT NULL);
        -- Flag changes not yet folded (kind 0 replace, 1 add, 2 remove) and expunges (kind 3), which stay as tombstones.
        CREATE TABLE change(mailbox INTEGER NOT NULL, modseq INTEGER NOT NULL, kind INTEGER NOT NULL, flags INTEGER NOT NULL, keywords INTEGER NOT NULL,
            unchanged_since INTEGER NOT NULL, uids BLOB NOT NULL, PRIMARY KEY(mailbox, modseq)) WITHOUT ROWID;

        CREATE TABLE delivered(entry INTEGER NOT NULL, recipient TEXT NOT NULL, action TEXT NOT NULL, PRIMARY KEY(entry, recipient, action)) WITHOUT ROWID;
        -- Removed mailboxes whose messages are still to be cleared away.
        CREATE TABLE doomed(mailbox INTEGER PRIMARY KEY);
        """;

    private const string ObjectIds = """
        -- Body ids up to it may have been given out: an EMAILID is never used again (RFC 8474 5.1).
        ALTER TABLE account ADD COLUMN body_limit INTEGER NOT NULL DEFAULT 1;
        -- THREADID; 0 for what came before threads were kept: such a message is a thread of its own, named by its body.
        ALTER TABLE summary ADD COLUMN thread INTEGER NOT NULL DEFAULT 0;
        -- Which thread a Message-ID (64 bits of its hash) belongs to.
        CREATE TABLE thread(message_id INTEGER PRIMARY KEY, thread INTEGER NOT NULL);
        """;

    private const string Annotations = """
        -- mailbox 0: of the account itself. reader: another account whose private annotation it is; 0 for shared ones and the account's own.
        CREATE TABLE annotation(mailbox INTEGER NOT NULL, reader INTEGER NOT NULL, entry TEXT NOT NULL COLLATE NOCASE, value BLOB NOT NULL,
            PRIMARY KEY(mailbox, reader, entry)) WITHOUT ROWID;
        """;

    private const string AccessControl = """
        -- Access control lists (RFC 4314). account 0 is "anyone"; rights as letters, so that the order of bits may change.
        CREATE TABLE acl(mailbox INTEGER NOT NULL, account INTEGER NOT NULL, negative INTEGER NOT NULL, rights TEXT NOT NULL,
            PRIMARY KEY(mailbox, account, negative)) WITHOUT ROWID;
        """;

    private const string UrlKeys = """
        -- Keys that vouch for URLs of a mailbox (RFC 4467 2.2).
        CREATE TABLE url_key(mailbox INTEGER PRIMARY KEY, secret BLOB NOT NULL);
        """;

    private const string Readers = """
        -- Whoever reads another's mailbox has \Seen and keywords of their own (mail-rules 11). seen: how many messages are \Seen; modseq: of the reader's last change.
        CREATE TABLE reader(id INTEGER PRIMARY KEY, mailbox INTEGER NOT NULL, account INTEGER NOT NULL, keywords TEXT NOT NULL, seen INTEGER NOT NULL,
            modseq INTEGER NOT NULL, UNIQUE(mailbox, account));
        -- id = reader * 2^24 + uid / 256.
        CREATE TABLE reader_mark(id INTEGER PRIMARY KEY, data BLOB NOT NULL);
        """;

    private const string UserScripts = """
        -- kind: 0 a script of Sieve, 1 choices of the Personal page, 2 the last problem. version: another random number after each change.
        CREATE TABLE script(kind INTEGER NOT NULL, name TEXT NOT NULL, active INTEGER NOT NULL, version INTEGER NOT NULL, data BLOB NOT NULL,
            PRIMARY KEY(kind, name)) WITHOUT ROWID;
        -- Who was answered and what was seen (RFC 5230 4.2, RFC 7352), under a hash; entry: the queue entry that caused it.
        CREATE TABLE script_memory(key BLOB PRIMARY KEY, expires INTEGER NOT NULL, entry INTEGER NOT NULL) WITHOUT ROWID;
        CREATE INDEX script_memory_expires ON script_memory(expires);
        """;
}
