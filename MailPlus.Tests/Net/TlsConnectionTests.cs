using MailPlus.Engine.Net.Connections;
using MailPlus.Engine.Tls;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Net;

public sealed class TlsConnectionTests
{
    private static readonly TlsCertificate Certificate = SelfSigned.Make("mail.example.test", TimeProvider.System.GetUtcNow());

    [Fact]
    public async Task Both_sides_talk_under_tls()
    {
        await using var ends = new MemoryConnection(_ => Certificate.Options);
        var server = ends.Server.StartTlsAsync(default);
        await ends.StartTlsAsync();
        await server;
        Assert.True(ends.Server.IsTls);
        Assert.NotNull(ends.Server.CipherSuite);
        await ends.SendAsync("hello\r\n");
        var result = await ends.Server.Input.ReadAsync();
        Assert.Equal(7, result.Buffer.Length);
        ends.Server.Input.AdvanceTo(result.Buffer.End);
        await ends.Server.Output.WriteAsync("hi\r\n"u8.ToArray());
        Assert.Equal("hi", await ends.ReadLineAsync());
    }

    [Fact]
    public async Task Clear_text_sent_before_the_handshake_is_never_read_as_a_command()
    {
        await using var ends = new MemoryConnection(_ => Certificate.Options);
        await ends.SendAsync("RCPT TO:<injected@example.test>\r\n");
        ends.Server.DropInput();
        // The ClientHello waits already when the server comes to the handshake: dropping any later would lose it.
        var client = ends.StartTlsAsync();
        var server = ends.Server.StartTlsAsync(default);
        await client;
        await server;
        await ends.SendAsync("NOOP\r\n");
        var result = await ends.Server.Input.ReadAsync();
        Assert.Equal("NOOP\r\n", System.Text.Encoding.ASCII.GetString(System.Buffers.BuffersExtensions.ToArray(result.Buffer)));
        ends.Server.Input.AdvanceTo(result.Buffer.End);
    }

    [Fact]
    public async Task Clear_text_in_place_of_a_handshake_ends_the_connection()
    {
        await using var ends = new MemoryConnection(_ => Certificate.Options);
        ends.Server.DropInput();
        await ends.SendAsync("RCPT TO:<injected@example.test>\r\n");
        await Assert.ThrowsAnyAsync<Exception>(() => ends.Server.StartTlsAsync(default));
        Assert.True(ends.Server.Aborted.IsCancellationRequested);
        Assert.False(ends.Server.IsTls);
    }

    [Fact]
    public async Task A_deadline_ends_a_handshake_that_does_not_come()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        await using var ends = new MemoryConnection(_ => Certificate.Options, clock);
        ends.Server.SetDeadline(DeadlineKind.Handshake, TimeSpan.FromSeconds(30));
        var server = ends.Server.StartTlsAsync(default);
        clock.Advance(TimeSpan.FromSeconds(31));
        ends.Server.CheckDeadline(clock.GetTimestamp());
        await Assert.ThrowsAnyAsync<IOException>(() => server);
    }

    [Fact]
    public async Task Under_tls_too_a_deadline_ends_a_read_and_words_can_still_be_said()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        await using var ends = new MemoryConnection(_ => Certificate.Options, clock);
        var server = ends.Server.StartTlsAsync(default);
        await ends.StartTlsAsync();
        await server;
        ends.Server.SetDeadline(DeadlineKind.Command, TimeSpan.FromSeconds(10));
        var read = ends.Server.Input.ReadAsync().AsTask();
        clock.Advance(TimeSpan.FromSeconds(11));
        ends.Server.CheckDeadline(clock.GetTimestamp());
        Assert.Equal(DeadlineKind.Command, (await Assert.ThrowsAsync<DeadlineException>(() => read)).Kind);
        ends.Server.SetDeadline(DeadlineKind.Write, TimeSpan.FromSeconds(10));
        await ends.Server.Output.WriteAsync("421 bye\r\n"u8.ToArray());
        Assert.Equal("421 bye", await ends.ReadLineAsync());
    }

    [Fact]
    public async Task Under_tls_a_cancelled_read_leaves_the_way_out_usable()
    {
        await using var ends = new MemoryConnection(_ => Certificate.Options);
        var server = ends.Server.StartTlsAsync(default);
        await ends.StartTlsAsync();
        await server;
        var read = ends.Server.Input.ReadAsync(ends.Server.Closing).AsTask();
        ends.Server.AskToClose();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        await ends.Server.Output.WriteAsync("421 bye\r\n"u8.ToArray());
        Assert.Equal("421 bye", await ends.ReadLineAsync());
    }
}
