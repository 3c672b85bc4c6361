using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace MailPlus.Engine.Database;

/// <summary>
/// Contexts for <c>dotnet ef migrations add NAME --context TYPE --output-dir Database/Migrations/PROVIDER/TABLES</c>; no database is opened.
/// </summary>
internal sealed class DesignTimeContexts :
    IDesignTimeDbContextFactory<SqliteSystemContext>, IDesignTimeDbContextFactory<PostgresSystemContext>, IDesignTimeDbContextFactory<SqliteLogContext>, IDesignTimeDbContextFactory<PostgresLogContext>
{
    private const string NoPostgres = "Host=none.invalid";

    SqliteSystemContext IDesignTimeDbContextFactory<SqliteSystemContext>.CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<SqliteSystemContext>().UseSqlite("Data Source=:memory:").Options);

    PostgresSystemContext IDesignTimeDbContextFactory<PostgresSystemContext>.CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<PostgresSystemContext>().UseNpgsql(NoPostgres).Options);

    SqliteLogContext IDesignTimeDbContextFactory<SqliteLogContext>.CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<SqliteLogContext>().UseSqlite("Data Source=:memory:").Options);

    PostgresLogContext IDesignTimeDbContextFactory<PostgresLogContext>.CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<PostgresLogContext>().UseNpgsql(NoPostgres).Options);
}
