using System.Threading.Channels;
using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Net.Connections;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>IDLE (RFC 2177): the change feed wakes it, nothing polls.</summary>
internal sealed class IdleCommand() : ImapCommand("IDLE", SessionStates.SignedIn)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        command.NoArguments();

        // One place is enough: a wake-up says "look", whatever happened and how often.
        var wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        var mailbox = session.Selected?.Id;
        using var subscription = session.With.Store.Changes.Subscribe((session.Selected?.Store ?? session.Store).Account, change =>
        {
            if ((change.Mailbox is null || change.Mailbox == mailbox) && (change.OnlyFor is not { } only || only == session.Store.Account))
            {
                wake.Writer.TryWrite(true);
            }
        });
        await session.ContinueAsync("idling", cancellationToken);
        wake.Writer.TryWrite(true); // what came between the last news and the subscription
        var done = session.Input.ReadAnswerAsync(cancellationToken).AsTask();
        try
        {
            while (true)
            {
                var woken = session.Watch is { } watch ? watch.WokenAsync(cancellationToken) : wake.Reader.WaitToReadAsync(cancellationToken).AsTask();
                if (await Task.WhenAny(done, woken) == done)
                {
                    break;
                }

                await woken;
                wake.Reader.TryRead(out _);
                session.Watch?.Reset(); // with NOTIFY just what it asked for is told (RFC 5465 4)
                if (session.Selected is not null || session.Watch is not null)
                {
                    await session.TellNewsAsync(NewsKind.All, isOwn: false, cancellationToken);
                    await session.FlushAsync(cancellationToken);
                    session.Connection.SetDeadline(DeadlineKind.Command, session.IdleLimit);
                }
            }
        }
        finally
        {
            if (!done.IsCompleted)
            {
                session.End(); // the line that is being read would be taken for the next command
            }
        }

        var answer = await done ?? throw new EndOfStreamException("peer closed");
        return System.Text.Ascii.EqualsIgnoreCase(answer, "DONE"u8) ? Completion.Ok("Idle completed") : Completion.Bad("Expected DONE");
    }
}
