using Xunit;
using Xunit.Abstractions;

namespace MailPlus.Tests.Crash;

/// <summary><see cref="KillDuringDelivery"/> with files (mail-rules A1, A4, A6).</summary>
public sealed class KillDuringDeliveryTests(ITestOutputHelper log) : KillDuringDelivery(log)
{
    [Fact]
    public Task Acknowledged_mail_survives_a_kill_exactly_once() => RunRoundsAsync(1, messages: 3_000);

    [Fact]
    [Trait("Set", "Long")]
    public Task Acknowledged_mail_survives_five_kills_in_a_row_exactly_once() => RunRoundsAsync(5);
}
