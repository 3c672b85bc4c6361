using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using MailPlus.Engine.Mime;

namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>
/// Threads as messages come in: a message joins the thread of the first Message-ID it names that is known, else it begins one. A thread never changes
/// afterwards (RFC 8474 5.2), so that no client's cache goes stale.
/// </summary>
internal static class Threads
{
    private const int MaxLookUps = 30;

    /// <summary>The thread of a message with this body.</summary>
    public static long Join(AccountEdit edit, MessageSummary summary, long body)
    {
        var own = summary.MessageId.Length > 0 ? Key(summary.MessageId) : 0;
        var thread = own == 0 ? 0 : Find(edit, own);
        var isKnown = thread != 0;

        // The nearest ancestors stand last.
        for (var i = summary.References.Count - 1; thread == 0 && i >= 0 && i >= summary.References.Count - MaxLookUps; i--)
        {
            thread = Find(edit, Key(summary.References[i]));
        }

        thread = thread == 0 ? body : thread;
        if (own != 0 && !isKnown)
        {
            Note(edit, own, thread);
        }

        // An answer may come before what it answers: the root and the parent are enough to find it again.
        if (summary.References.Count > 0)
        {
            Note(edit, Key(summary.References[0]), thread);
            Note(edit, Key(summary.References[^1]), thread);
        }

        return thread;
    }

    private static long Find(AccountEdit edit, long key)
    {
        var row = edit.Session.Statement("SELECT thread FROM thread WHERE {=}message_id=?").Bind(0, key);
        var thread = row.Step() ? row.Long(0) : 0;
        row.Reset();
        return thread;
    }

    private static void Note(AccountEdit edit, long key, long thread) =>
        edit.Session.Statement("INSERT INTO thread({,}message_id, thread) VALUES({$}?, ?) ON CONFLICT DO NOTHING").Bind(0, key).Bind(1, thread).Execute();

    private static long Key(string messageId)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(messageId), hash);
        return BinaryPrimitives.ReadInt64LittleEndian(hash);
    }
}
