using MailPlus.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace MailPlus.Tests.Crash;

/// <summary><see cref="KillDuringChanges"/> with PostgreSQL.</summary>
[Collection(PostgresCollection.Name)]
public sealed class KillDuringChangesOnPostgresTests(PostgresUnderTest postgres, ITestOutputHelper log) : KillDuringChanges(log)
{
    [SkippableFact]
    public async Task Answered_changes_survive_a_kill() => await RunRoundsAsync(1, await postgres.NewDatabaseAsync());

    [SkippableFact]
    [Trait("Set", "Long")]
    public async Task Answered_changes_survive_five_kills_in_a_row() => await RunRoundsAsync(5, await postgres.NewDatabaseAsync(), steps: 1_000);
}
