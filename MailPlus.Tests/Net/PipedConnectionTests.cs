using MailPlus.Engine.Net.Connections;
using MailPlus.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace MailPlus.Tests.Net;

public sealed class PipedConnectionTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public async Task A_read_ends_when_its_deadline_passes_and_words_can_still_be_said()
    {
        await using var ends = new MemoryConnection(clock: _clock);
        ends.Server.SetDeadline(DeadlineKind.Command, TimeSpan.FromSeconds(10));
        var read = ends.Server.Input.ReadAsync().AsTask();
        Beat(ends, 9);
        Assert.False(read.IsCompleted);
        Beat(ends, 2);
        Assert.Equal(DeadlineKind.Command, (await Assert.ThrowsAsync<DeadlineException>(() => read)).Kind);
        ends.Server.SetDeadline(DeadlineKind.Write, TimeSpan.FromSeconds(10));
        await ends.Server.Output.WriteAsync("bye\r\n"u8.ToArray());
        Assert.Equal("bye", await ends.ReadLineAsync());
    }

    [Fact]
    public async Task A_deadline_replaced_in_time_means_nothing()
    {
        await using var ends = new MemoryConnection(clock: _clock);
        ends.Server.SetDeadline(DeadlineKind.Command, TimeSpan.FromSeconds(1));
        Beat(ends, 2); // passes while nobody reads
        ends.Server.SetDeadline(DeadlineKind.Data, TimeSpan.FromSeconds(60));
        var read = ends.Server.Input.ReadAsync().AsTask();
        await ends.SendAsync("x");
        Assert.Equal(1, (await read).Buffer.Length);
    }

    [Fact]
    public async Task A_peer_that_does_not_read_ends_the_write()
    {
        await using var ends = new MemoryConnection(clock: _clock);
        ends.Server.SetDeadline(DeadlineKind.Write, TimeSpan.FromSeconds(10));
        var write = ends.Server.Output.WriteAsync(new byte[200 * 1024]).AsTask();
        Assert.False(write.IsCompleted);
        Beat(ends, 11);
        Assert.Equal(DeadlineKind.Write, (await Assert.ThrowsAsync<DeadlineException>(() => write)).Kind);
        ends.Server.Abort("done");
    }

    [Fact]
    public async Task Abort_ends_a_pending_read_and_fires_closing()
    {
        await using var ends = new MemoryConnection(clock: _clock);
        var read = ends.Server.Input.ReadAsync().AsTask();
        ends.Server.Abort("test");
        await Assert.ThrowsAnyAsync<IOException>(() => read);
        Assert.True(ends.Server.Closing.IsCancellationRequested);
    }

    private void Beat(MemoryConnection ends, int seconds)
    {
        _clock.Advance(TimeSpan.FromSeconds(seconds));
        ends.Server.CheckDeadline(_clock.GetTimestamp());
    }
}
