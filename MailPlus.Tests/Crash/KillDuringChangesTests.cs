using Xunit;
using Xunit.Abstractions;

namespace MailPlus.Tests.Crash;

/// <summary><see cref="KillDuringChanges"/> with files.</summary>
public sealed class KillDuringChangesTests(ITestOutputHelper log) : KillDuringChanges(log)
{
    [Fact]
    public Task Answered_changes_survive_a_kill() => RunRoundsAsync(1);

    [Fact]
    [Trait("Set", "Long")]
    public Task Answered_changes_survive_five_kills_in_a_row() => RunRoundsAsync(5, steps: 2_000);
}
