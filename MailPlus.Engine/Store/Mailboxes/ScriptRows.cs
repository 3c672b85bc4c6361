using System.Security.Cryptography;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>Scripts of an account and what they remember. The picture holds only whether any of them has a say, so that most deliveries look no further.</summary>
internal static class ScriptRows
{
    /// <summary>Columns of the account's row that make its mark.</summary>
    public const string MarkColumns = """
        (SELECT coalesce(cast(sum(version) AS bigint), 0) FROM script WHERE {=}kind < 2), (SELECT count(*) FROM script WHERE {=}kind < 2 AND active <> 0)
        """;

    private const int MostMemories = 20_000;

    public static IReadOnlyList<StoredScript> Read(SqlSession session)
    {
        var found = new List<StoredScript>();
        var rows = session.Statement("SELECT kind, name, active, data FROM script{| WHERE account=$1} ORDER BY kind, name");
        while (rows.Step())
        {
            found.Add(new StoredScript((ScriptKind)rows.Int(0), rows.Text(1), rows.Blob(3).ToArray(), rows.Int(2) != 0));
        }

        rows.Reset();
        return found;
    }

    public static bool Change(AccountEdit edit, Func<IReadOnlyList<StoredScript>, IReadOnlyList<StoredScript>> change)
    {
        var session = edit.Session;
        var before = Read(session);
        var after = change(before);
        foreach (var gone in before.Where(was => !after.Any(now => Same(was, now))))
        {
            session.Statement("DELETE FROM script WHERE {=}kind=? AND name=?").Bind(0, (long)gone.Kind).Bind(1, gone.Name).Execute();
        }

        foreach (var now in after.Where(now => !before.Contains(now)))
        {
            session.Statement("""
                INSERT INTO script({,}kind, name, active, version, data) VALUES({$}?, ?, ?, ?, ?)
                ON CONFLICT{|(account, kind, name)} DO UPDATE SET active=excluded.active, version=excluded.version, data=excluded.data
                """)
                .Bind(0, (long)now.Kind).Bind(1, now.Name).Bind(2, now.IsActive ? 1 : 0).Bind(3, (long)RandomNumberGenerator.GetInt32(1, int.MaxValue)).Bind(4, now.Text.Span).Execute();
        }

        var row = session.Statement($"SELECT {MarkColumns} FROM account{{| WHERE account=$1}}");
        edit.Image = edit.Image with { Scripts = row.Step() ? new ScriptMark(row.Long(0), row.Long(1) > 0) : default };
        row.Reset();
        return true;
    }

    public static ScriptMemory? Recall(SqlSession session, ReadOnlySpan<byte> key, Instant now)
    {
        var row = session.Statement("SELECT expires, entry FROM script_memory WHERE {=}key=? AND expires > ?").Bind(0, key).Bind(1, now.Microseconds);
        var found = row.Step() ? new ScriptMemory(key.ToArray(), new Instant(row.Long(0)), new EntryId(row.Long(1))) : null;
        row.Reset();
        return found;
    }

    public static bool Remember(AccountEdit edit, IReadOnlyList<ScriptMemory> memories)
    {
        edit.Session.Statement("DELETE FROM script_memory WHERE {=}expires <= ?").Bind(0, edit.Now.Microseconds).Execute();
        foreach (var memory in memories)
        {
            edit.Session.Statement("""
                INSERT INTO script_memory({,}key, expires, entry) VALUES({$}?, ?, ?)
                ON CONFLICT{|(account, key)} DO UPDATE SET expires=excluded.expires, entry=excluded.entry
                """)
                .Bind(0, memory.Key.Span).Bind(1, memory.Expires.Microseconds).Bind(2, memory.Entry.Value).Execute();
        }

        // Whoever writes from ever new addresses must not fill the database: the oldest go first.
        var row = edit.Session.Statement("SELECT count(*) FROM script_memory{| WHERE account=$1}");
        var count = row.Step() ? row.Long(0) : 0;
        row.Reset();
        if (count > MostMemories)
        {
            edit.Session.Statement("DELETE FROM script_memory WHERE {=}key IN (SELECT key FROM script_memory{| WHERE account=$1} ORDER BY expires LIMIT ?)").Bind(0, count - MostMemories).Execute();
        }

        return true;
    }

    private static bool Same(StoredScript one, StoredScript other) => one.Kind == other.Kind && one.Name == other.Name;
}
