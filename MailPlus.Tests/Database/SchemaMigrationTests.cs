using MailPlus.Engine.Database;
using MailPlus.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Xunit;

namespace MailPlus.Tests.Database;

public sealed class SchemaMigrationTests
{
    public static TheoryData<string> Contexts => ["SqliteSystem", "PostgresSystem", "SqliteLog", "PostgresLog"];

    [Theory]
    [MemberData(nameof(Contexts))]
    public void Both_providers_have_migrations_that_match_the_model(string name)
    {
        using var context = Open(name);
        var script = context.GetService<IMigrator>().GenerateScript();
        Assert.Contains(name.EndsWith("Log", StringComparison.Ordinal) ? "mail_log" : "accounts", script, StringComparison.Ordinal);
        Assert.False(context.Database.HasPendingModelChanges(), "the model has changed: add a migration for both providers");
    }

    [Fact]
    public async Task A_lock_that_a_killed_migration_left_is_cleared()
    {
        await using var system = await SystemUnderTest.StartAsync();
        await using (var connection = new SqliteConnection($"Data Source={Path.Combine(system.Folder, "system.db")}"))
        {
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = """
                CREATE TABLE IF NOT EXISTS "__EFMigrationsLock" ("Id" INTEGER NOT NULL CONSTRAINT "PK___EFMigrationsLock" PRIMARY KEY, "Timestamp" TEXT NOT NULL);
                INSERT INTO "__EFMigrationsLock" VALUES (1, '2026-01-01');
                """;
            await command.ExecuteNonQueryAsync();
        }

        await system.Database.MigrateAsync(CancellationToken.None).WaitAsync(TimeSpan.FromMinutes(3));
    }

    private static DbContext Open(string name) => name switch
    {
        "SqliteSystem" => new SqliteSystemContext(new DbContextOptionsBuilder<SqliteSystemContext>().UseSqlite("Data Source=:memory:").Options),
        "PostgresSystem" => new PostgresSystemContext(new DbContextOptionsBuilder<PostgresSystemContext>().UseNpgsql("Host=none.invalid").Options),
        "SqliteLog" => new SqliteLogContext(new DbContextOptionsBuilder<SqliteLogContext>().UseSqlite("Data Source=:memory:").Options),
        _ => new PostgresLogContext(new DbContextOptionsBuilder<PostgresLogContext>().UseNpgsql("Host=none.invalid").Options),
    };
}
