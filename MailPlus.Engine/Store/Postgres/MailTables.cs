using MailPlus.Engine.Database;
using MailPlus.Engine.Store.Sqlite;

namespace MailPlus.Engine.Store.Postgres;

/// <summary>
/// The tables of all accounts in PostgreSQL, as scripts by version. They are those of an account's <c>mail.db</c> (see <see cref="MailSchema"/>, which says what the
/// columns mean) with the account first in each key; big bodies are rows of parts instead of files.
/// </summary>
internal static class MailTables
{
    /// <summary>The area.</summary>
    public static PostgresArea Area { get; } = new("mail", [First, Readers, UserScripts], MailSchema.Scripts, MailSchema.ApplicationId, "account");

    /// <summary>All tables, the account's own last: while its row is there, somebody may be at work.</summary>
    public static IReadOnlyList<string> Tables { get; } =
    [
        "mailbox", "counter", "subscription", "message", "body", "big_body", "shared", "summary", "state_block", "fold", "change", "delivered", "doomed", "thread",
        "annotation", "acl", "url_key", "reader", "reader_mark", "script", "script_memory", "account",
    ];

    private const string First = """
        -- version grows with every commit: a process compares it before it trusts what it has in memory. id is there for copies only.
        CREATE TABLE account(account bigint PRIMARY KEY, id bigint NOT NULL DEFAULT 0, epoch text, modseq bigint NOT NULL DEFAULT 1, modseq_limit bigint NOT NULL DEFAULT 0,
            next_mailbox bigint NOT NULL DEFAULT 1, uid_validity bigint NOT NULL DEFAULT 0, body_limit bigint NOT NULL DEFAULT 1, version bigint NOT NULL DEFAULT 1)
            WITH (fillfactor = 50);
        CREATE TABLE mailbox(account bigint NOT NULL, id bigint NOT NULL, name text COLLATE "C" NOT NULL, special_use bigint NOT NULL, selectable bigint NOT NULL,
            uid_validity bigint NOT NULL, keywords text NOT NULL, PRIMARY KEY(account, id), UNIQUE(account, name));
        CREATE TABLE counter(account bigint NOT NULL, mailbox bigint NOT NULL, uid_next bigint NOT NULL, modseq bigint NOT NULL, messages bigint NOT NULL,
            unseen bigint NOT NULL, deleted bigint NOT NULL, size bigint NOT NULL, first_recent bigint NOT NULL, purged bigint NOT NULL,
            PRIMARY KEY(account, mailbox)) WITH (fillfactor = 50);
        CREATE TABLE subscription(account bigint NOT NULL, name text COLLATE "C" NOT NULL, PRIMARY KEY(account, name));
        CREATE TABLE message(account bigint NOT NULL, id bigint NOT NULL, body bigint NOT NULL, modseq bigint NOT NULL, flags bigint NOT NULL, keywords bigint NOT NULL,
            internal_date bigint NOT NULL, save_date bigint NOT NULL, size bigint NOT NULL, PRIMARY KEY(account, id));
        CREATE TABLE body(account bigint NOT NULL, id bigint NOT NULL, size bigint NOT NULL, prefix_length bigint NOT NULL, header_length bigint NOT NULL, file text,
            data bytea NOT NULL, PRIMARY KEY(account, id));
        ALTER TABLE body ALTER COLUMN data SET STORAGE EXTERNAL;
        CREATE TABLE big_body(account bigint NOT NULL, name text COLLATE "C" NOT NULL, part bigint NOT NULL, data bytea NOT NULL, PRIMARY KEY(account, name, part));
        ALTER TABLE big_body ALTER COLUMN data SET STORAGE EXTERNAL;
        CREATE TABLE shared(account bigint NOT NULL, body bigint NOT NULL, refs bigint NOT NULL, PRIMARY KEY(account, body));
        CREATE TABLE summary(account bigint NOT NULL, body bigint NOT NULL, envelope bytea NOT NULL, structure bytea NOT NULL, plain_structure bytea NOT NULL,
            subject text NOT NULL, from_name text NOT NULL, from_address text NOT NULL, to_names text NOT NULL, preview text NOT NULL, sent bigint,
            attachments bigint NOT NULL, message_id text NOT NULL, refs text NOT NULL, thread bigint NOT NULL, PRIMARY KEY(account, body));
        CREATE TABLE state_block(account bigint NOT NULL, id bigint NOT NULL, data bytea NOT NULL, PRIMARY KEY(account, id));
        CREATE TABLE fold(account bigint NOT NULL, mailbox bigint NOT NULL, uid bigint NOT NULL, modseq bigint NOT NULL, PRIMARY KEY(account, mailbox));
        CREATE TABLE change(account bigint NOT NULL, mailbox bigint NOT NULL, modseq bigint NOT NULL, kind bigint NOT NULL, flags bigint NOT NULL,
            keywords bigint NOT NULL, unchanged_since bigint NOT NULL, uids bytea NOT NULL, PRIMARY KEY(account, mailbox, modseq));
        CREATE TABLE delivered(account bigint NOT NULL, entry bigint NOT NULL, recipient text NOT NULL, action text NOT NULL,
            PRIMARY KEY(account, entry, recipient, action));
        CREATE TABLE doomed(account bigint NOT NULL, mailbox bigint NOT NULL, PRIMARY KEY(account, mailbox));
        CREATE TABLE thread(account bigint NOT NULL, message_id bigint NOT NULL, thread bigint NOT NULL, PRIMARY KEY(account, message_id));
        CREATE TABLE annotation(account bigint NOT NULL, mailbox bigint NOT NULL, reader bigint NOT NULL, entry text COLLATE "C" NOT NULL, value bytea NOT NULL);
        CREATE UNIQUE INDEX annotation_entry ON annotation(account, mailbox, reader, lower(entry));
        -- reader 0 is "anyone".
        CREATE TABLE acl(account bigint NOT NULL, mailbox bigint NOT NULL, reader bigint NOT NULL, negative bigint NOT NULL, rights text NOT NULL,
            PRIMARY KEY(account, mailbox, reader, negative));
        CREATE TABLE url_key(account bigint NOT NULL, mailbox bigint NOT NULL, secret bytea NOT NULL, PRIMARY KEY(account, mailbox));
        """;

    private const string Readers = """
        -- reader: whose marks.
        CREATE TABLE reader(account bigint NOT NULL, id bigint NOT NULL, mailbox bigint NOT NULL, reader bigint NOT NULL, keywords text NOT NULL, seen bigint NOT NULL,
            modseq bigint NOT NULL, PRIMARY KEY(account, id), UNIQUE(account, mailbox, reader)) WITH (fillfactor = 50);
        CREATE TABLE reader_mark(account bigint NOT NULL, id bigint NOT NULL, data bytea NOT NULL, PRIMARY KEY(account, id));
        """;

    private const string UserScripts = """
        CREATE TABLE script(account bigint NOT NULL, kind bigint NOT NULL, name text COLLATE "C" NOT NULL, active bigint NOT NULL, version bigint NOT NULL, data bytea NOT NULL,
            PRIMARY KEY(account, kind, name));
        CREATE TABLE script_memory(account bigint NOT NULL, key bytea NOT NULL, expires bigint NOT NULL, entry bigint NOT NULL, PRIMARY KEY(account, key));
        CREATE INDEX script_memory_expires ON script_memory(account, expires);
        """;
}
