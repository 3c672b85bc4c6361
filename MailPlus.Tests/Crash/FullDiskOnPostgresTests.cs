using MailPlus.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace MailPlus.Tests.Crash;

/// <summary><see cref="FullDisk"/> with PostgreSQL: what is full is the volume of its tables. A full volume of its log stops the server of the database, and is its operator's to mend.</summary>
[Collection(PostgresCollection.Name)]
public sealed class FullDiskOnPostgresTests(PostgresUnderTest postgres, ITestOutputHelper log) : FullDisk(log)
{
    [SkippableFact]
    [Trait("Set", "Long")]
    public Task A_full_database_is_refused_for_now_and_loses_nothing() => OnAsync(RunAsync);

    private async Task OnAsync(Func<ServerPlan, SmallVolume, Task> run)
    {
        await using var volume = await SmallVolume.MountAsync(96);
        var database = await postgres.NewDatabaseAsync(volume);
        try
        {
            await run(new ServerPlan { Database = database }, volume);
        }
        finally
        {
            await postgres.DropDatabaseAsync(database);
        }
    }
}
