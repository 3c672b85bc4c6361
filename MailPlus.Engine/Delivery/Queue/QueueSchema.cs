namespace MailPlus.Engine.Delivery.Queue;

/// <summary>
/// Schema of queue.db, one script a version. An entry's row is written once and never updated, so the body may lie in it; all change is in the
/// small recipient rows. Recipients that are done have no row; an entry without recipients has none either.
/// </summary>
internal static class QueueSchema
{
    /// <summary>"MPQu".</summary>
    public const int ApplicationId = 0x4D505175;

    /// <summary>States of a recipient row: in the hands of the running process, waiting for its time, held by an administrator.</summary>
    public const int Active = 0, Deferred = 1, Held = 2;

    /// <summary>Scripts in order.</summary>
    public static IReadOnlyList<string> Scripts { get; } =
    [
        """
        CREATE TABLE entry (
          id INTEGER PRIMARY KEY,
          accepted INTEGER NOT NULL,
          origin INTEGER NOT NULL,
          sender TEXT,
          dsn_return INTEGER NOT NULL,
          envelope_id TEXT,
          traits INTEGER NOT NULL,
          size INTEGER NOT NULL,
          subject TEXT NOT NULL,
          message_id TEXT NOT NULL,
          file TEXT,
          prefix BLOB NOT NULL,
          body BLOB
        ) STRICT;
        CREATE TABLE recipient (
          entry INTEGER NOT NULL,
          position INTEGER NOT NULL,
          address TEXT NOT NULL,
          notify INTEGER NOT NULL,
          original TEXT,
          state INTEGER NOT NULL,
          attempts INTEGER NOT NULL,
          next INTEGER NOT NULL,
          delay_told INTEGER NOT NULL,
          reply TEXT NOT NULL,
          PRIMARY KEY (entry, position)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX recipient_due ON recipient (next) WHERE state = 1;
        CREATE TABLE outbox (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, event BLOB NOT NULL) STRICT;
        CREATE TABLE forgotten (id INTEGER PRIMARY KEY, account INTEGER NOT NULL, entries BLOB NOT NULL) STRICT;
        CREATE TABLE counter (name TEXT PRIMARY KEY, reserved INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        INSERT INTO counter VALUES ('entry', 65536), ('outbox', 1);
        """,
        // What a sender asked beyond the usual lies aside; the priority is repeated in the recipients' rows, where due ones are looked for.
        """
        CREATE TABLE terms (
          entry INTEGER PRIMARY KEY,
          hold INTEGER,
          by_until INTEGER,
          by_mode INTEGER NOT NULL,
          by_trace INTEGER NOT NULL,
          priority INTEGER NOT NULL
        ) STRICT;
        ALTER TABLE recipient ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
        DROP INDEX recipient_due;
        CREATE INDEX recipient_due ON recipient (priority, next) WHERE state = 1;
        """,
        // 1: TLS is required (RFC 8689 4), 2: it is waived (RFC 8689 5).
        """
        ALTER TABLE terms ADD COLUMN tls INTEGER NOT NULL DEFAULT 0;
        """,
        // What an account sent outside on a day (days since 0001-01-01): counted with the entry, so that the count is as durable as the mail.
        """
        CREATE TABLE outbound (account INTEGER PRIMARY KEY, day INTEGER NOT NULL, messages INTEGER NOT NULL, octets INTEGER NOT NULL) STRICT;
        """,
    ];
}
