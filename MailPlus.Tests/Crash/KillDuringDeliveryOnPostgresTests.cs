using MailPlus.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace MailPlus.Tests.Crash;

/// <summary><see cref="KillDuringDelivery"/> with PostgreSQL.</summary>
[Collection(PostgresCollection.Name)]
public sealed class KillDuringDeliveryOnPostgresTests(PostgresUnderTest postgres, ITestOutputHelper log) : KillDuringDelivery(log)
{
    [SkippableFact]
    public async Task Acknowledged_mail_survives_a_kill_exactly_once() => await RunRoundsAsync(1, await postgres.NewDatabaseAsync(), messages: 600);

    [SkippableFact]
    [Trait("Set", "Long")]
    public async Task Acknowledged_mail_survives_five_kills_in_a_row_exactly_once() => await RunRoundsAsync(5, await postgres.NewDatabaseAsync());
}
