using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace MailPlus.Engine.Database;

/// <summary>Row numbers of SQLite tables.</summary>
internal static class SqliteNumbers
{
    /// <summary>AUTOINCREMENT: an id names an account's folder or a place in an outbox, so the number of a deleted row must not come back.</summary>
    internal static void NeverReuse<T>(ModelBuilder model)
        where T : class =>
        model.Entity<T>().Property("Id").HasAnnotation("Sqlite:Autoincrement", true).ValueGeneratedOnAdd();
}
