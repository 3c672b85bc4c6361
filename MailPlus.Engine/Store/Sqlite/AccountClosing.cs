using MailPlus.Engine.Database;
using MailPlus.Engine.Store.Mailboxes;

namespace MailPlus.Engine.Store.Sqlite;

/// <summary>What is settled in a file before it is closed.</summary>
internal static class AccountClosing
{
    /// <summary>Says that no MODSEQ above the present one was given out.</summary>
    public static bool MarkClean(AccountEdit edit)
    {
        edit.Session.Statement("UPDATE account SET modseq=?1, modseq_limit=?1").Bind(0, edit.Image.ModSeq).Execute();
        edit.Image = edit.Image with { ModSeqLimit = edit.Image.ModSeq };
        return true;
    }

    /// <summary>Shortens a file of which more than a quarter is unused; a bounded part at a time, as closing must not take long.</summary>
    public static bool GiveSpaceBack(AccountEdit edit)
    {
        var (pages, unused) = (Number(edit.Session, "PRAGMA page_count"), Number(edit.Session, "PRAGMA freelist_count"));
        if (unused > 64 && unused * 4 > pages)
        {
            edit.Session.Statement("PRAGMA incremental_vacuum(4096)").Execute();
        }

        return true;
    }

    private static long Number(SqlSession session, string sql)
    {
        var statement = session.Statement(sql);
        var value = statement.Step() ? statement.Long(0) : 0;
        statement.Reset();
        return value;
    }
}
