using MailPlus.Engine.Database;

namespace MailPlus.Engine.Delivery.Queue;

/// <summary>
/// The queue in PostgreSQL, for several processes (nodes): the tables of <see cref="QueueSchema"/>, with the node that has a recipient in hand, an outbox a node, and
/// numbers a node, so that ids need no agreement. One script a version.
/// </summary>
internal static class QueueTables
{
    /// <summary>The area.</summary>
    public static PostgresArea Area { get; } = new("queue", [First, Second], QueueSchema.Scripts, QueueSchema.ApplicationId, "node");

    private const string First = """
        -- alive_until by the server's clock: what a node that has missed it had in hand is taken over.
        CREATE TABLE node(id bigint PRIMARY KEY, name text NOT NULL UNIQUE, alive_until timestamptz NOT NULL) WITH (fillfactor = 50);
        CREATE TABLE entry(id bigint PRIMARY KEY, accepted bigint NOT NULL, origin bigint NOT NULL, sender text, dsn_return bigint NOT NULL, envelope_id text,
            traits bigint NOT NULL, size bigint NOT NULL, subject text NOT NULL, message_id text NOT NULL, file text, prefix bytea NOT NULL, body bytea);
        ALTER TABLE entry ALTER COLUMN body SET STORAGE EXTERNAL;
        CREATE TABLE big_body(entry bigint NOT NULL REFERENCES entry(id) ON DELETE CASCADE, part bigint NOT NULL, data bytea NOT NULL, PRIMARY KEY(entry, part));
        ALTER TABLE big_body ALTER COLUMN data SET STORAGE EXTERNAL;
        CREATE TABLE recipient(entry bigint NOT NULL, position bigint NOT NULL, node bigint NOT NULL, address text NOT NULL, notify bigint NOT NULL, original text,
            state bigint NOT NULL, attempts bigint NOT NULL, next bigint NOT NULL, delay_told bigint NOT NULL, reply text NOT NULL, priority bigint NOT NULL DEFAULT 0,
            PRIMARY KEY(entry, position)) WITH (fillfactor = 70);
        CREATE INDEX recipient_due ON recipient(priority, next) WHERE state = 1;
        CREATE INDEX recipient_active ON recipient(node) WHERE state = 0;
        CREATE TABLE outbox(id bigint PRIMARY KEY, node bigint NOT NULL, kind text NOT NULL, event bytea NOT NULL);
        CREATE INDEX outbox_node ON outbox(node, id);
        CREATE TABLE forgotten(id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, account bigint NOT NULL, entries bytea NOT NULL);
        CREATE TABLE counter(node bigint NOT NULL, name text NOT NULL, reserved bigint NOT NULL, PRIMARY KEY(node, name));
        CREATE TABLE terms(entry bigint PRIMARY KEY, hold bigint, by_until bigint, by_mode bigint NOT NULL, by_trace bigint NOT NULL, priority bigint NOT NULL,
            tls bigint NOT NULL DEFAULT 0);
        """;

    private const string Second = """
        CREATE TABLE outbound(account bigint PRIMARY KEY, day bigint NOT NULL, messages bigint NOT NULL, octets bigint NOT NULL) WITH (fillfactor = 50);
        """;
}
