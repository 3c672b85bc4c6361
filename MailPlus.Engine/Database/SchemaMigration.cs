using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

namespace MailPlus.Engine.Database;

/// <summary>Brings an EF Core database to the newest schema.</summary>
internal static class SchemaMigration
{
    /// <summary>
    /// Applies what is missing. Runs only under the data-folder lock, so a lock row of EF in SQLite can only be one that a killed process left: it goes first, else
    /// the start would wait for ever (design 2).
    /// </summary>
    internal static async Task RunAsync(DbContext context, CancellationToken cancellationToken)
    {
        if (context.Database.IsSqlite())
        {
            if (await context.GetService<IRelationalDatabaseCreator>().ExistsAsync(cancellationToken))
            {
                await context.Database.ExecuteSqlRawAsync("DROP TABLE IF EXISTS \"__EFMigrationsLock\"", cancellationToken);
                await CopyBeforeUpgradeAsync(context, cancellationToken);
            }

            await context.Database.MigrateAsync(cancellationToken);
            await context.Database.ExecuteSqlRawAsync("PRAGMA journal_mode=WAL", cancellationToken);
        }
        else
        {
            await context.Database.MigrateAsync(cancellationToken);
        }
    }

    /// <summary>An upgrade that goes wrong must not cost the data: the file as it was stays beside it (design 2).</summary>
    private static async Task CopyBeforeUpgradeAsync(DbContext context, CancellationToken cancellationToken)
    {
        var applied = (await context.Database.GetAppliedMigrationsAsync(cancellationToken)).ToList();
        if (applied.Count == 0 || !(await context.Database.GetPendingMigrationsAsync(cancellationToken)).Any())
        {
            return;
        }

        var copy = $"{context.Database.GetDbConnection().DataSource}.{applied[^1]}";
        File.Delete(copy);
        await context.Database.ExecuteSqlAsync($"VACUUM INTO {copy}", cancellationToken);
    }
}
