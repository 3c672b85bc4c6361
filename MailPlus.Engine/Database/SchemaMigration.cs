using System.Reflection;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
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
            if (await IsCurrentAsync(context, cancellationToken))
            {
                return;
            }

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

    /// <summary>
    /// Whether the newest migration has been applied, by one plain query: EF's own check builds the whole model twice, which every verb of the command line would pay.
    /// </summary>
    private static async Task<bool> IsCurrentAsync(DbContext context, CancellationToken cancellationToken)
    {
        var newest = context.GetType().Assembly.GetTypes()
            .Where(type => type.IsSubclassOf(typeof(Migration)) && type.GetCustomAttribute<DbContextAttribute>()?.ContextType == context.GetType())
            .Select(type => type.GetCustomAttribute<MigrationAttribute>()?.Id).OfType<string>().Order(StringComparer.Ordinal).LastOrDefault();
        if (!File.Exists(context.Database.GetDbConnection().DataSource))
        {
            return false;
        }

        await context.Database.OpenConnectionAsync(cancellationToken);
        await using var command = context.Database.GetDbConnection().CreateCommand();
        command.CommandText = "SELECT 1 FROM sqlite_master WHERE name = '__EFMigrationsHistory'";
        if (await command.ExecuteScalarAsync(cancellationToken) is null)
        {
            return false;
        }

        command.CommandText = "SELECT max(\"MigrationId\") FROM \"__EFMigrationsHistory\"";
        var applied = await command.ExecuteScalarAsync(cancellationToken) as string;
        if (string.CompareOrdinal(applied, newest) > 0)
        {
            throw new RefusedException(new Refusal(RefusalKind.Conflict, "DataFolderNewer"));
        }

        return applied == newest;
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
