using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Net.Connections;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>APPEND (RFC 3501 6.3.11) of one or several messages (MULTIAPPEND, RFC 3502), streamed to the spool, durable when answered.</summary>
internal sealed class AppendCommand() : ImapCommand("APPEND", SessionStates.SignedIn)
{
    private const int MaxMessages = 200;
    private static readonly TimeSpan DataPatience = TimeSpan.FromMinutes(5);

    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var pending = command.Message;
        var messages = new List<NewMessage>();
        try
        {
            var (name, options) = Parse(command);
            if (await session.Store.FindAsync(name, cancellationToken) is not { Selectable: true } mailbox)
            {
                await session.DropMessageAsync(pending, cancellationToken);
                return Completion.No("No such mailbox", "TRYCREATE");
            }

            long octets = 0;
            while (pending is { } coming)
            {
                octets = checked(octets + coming.Length);
                await RequireFitsAsync(session, coming, octets, cancellationToken);
                pending = null;
                messages.Add(await ReadAsync(session, coming, options, cancellationToken));
                var (text, next) = await session.Input.ReadTailAsync(cancellationToken) ?? throw new EndOfStreamException("peer closed");
                pending = next;
                if (next is null)
                {
                    new ArgumentReader(text.Span).End();
                }
                else
                {
                    options = messages.Count < MaxMessages ? ReadOptions(text.Span) : throw new SyntaxException("Too many messages");
                }
            }

            var outcome = await session.Store.AppendAsync(mailbox.Id, messages, cancellationToken);
            return Completion.Ok("Append completed", CopyUid.Of(outcome));
        }
        catch (Exception refused) when (refused is SyntaxException or RefusedException)
        {
            // The peer may send the message all the same; it must not be taken for commands.
            await session.DropMessageAsync(pending, cancellationToken);
            throw;
        }
        finally
        {
            foreach (var message in messages)
            {
                await message.Content.DisposeAsync();
            }
        }
    }

    private static async ValueTask RequireFitsAsync(ImapSession session, LiteralMark coming, long octets, CancellationToken cancellationToken)
    {
        if (coming.Length == 0)
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "EmptyMessage"));
        }

        var limit = session.Settings.Smtp.MaximumMessageSize;
        if (coming.Length > limit)
        {
            throw new RefusedException(new Refusal(RefusalKind.TooLarge, "MessageTooLarge") { Arguments = [limit.ToString(System.Globalization.CultureInfo.InvariantCulture)] });
        }

        await session.RequireRoomAsync(octets, cancellationToken);
    }

    private static async ValueTask<NewMessage> ReadAsync(ImapSession session, LiteralMark coming, AppendOptions options, CancellationToken cancellationToken)
    {
        if (coming.IsSynchronising)
        {
            await session.ContinueAsync("OK", cancellationToken);
        }

        await using var spool = new LiteralSpool(session.With.Run.DataFolder, coming.Length);
        var isWhole = await session.Input.CopyAsync(coming.Length, (piece, token) =>
        {
            session.Connection.SetDeadline(DeadlineKind.Data, DataPatience);
            return spool.WriteAsync(piece, token);
        }, cancellationToken);
        if (!isWhole)
        {
            throw new EndOfStreamException("peer closed in a message");
        }

        var content = await spool.FinishAsync(cancellationToken);
        try
        {
            var date = options.Date is { } given ? Instant.From(given) : Instant.Now(session.With.Clock);
            return new NewMessage(content, session.With.Scanner.Scan(content), date) { Flags = options.Flags };
        }
        catch
        {
            await content.DisposeAsync();
            throw;
        }
    }

    private static (string Mailbox, AppendOptions Options) Parse(CommandText command)
    {
        var reader = command.Read();
        reader.Space();
        var name = reader.Mailbox();
        return command.Message is null ? throw new SyntaxException("Expected a message literal") : (name, ReadOptions(reader.Rest));
    }

    /// <summary>Flags and date before a literal, a space on either side.</summary>
    private static AppendOptions ReadOptions(ReadOnlySpan<byte> text)
    {
        var reader = new ArgumentReader(text);
        reader.Space();
        var flags = FlagSet.None;
        DateTimeOffset? date = null;
        if (reader.Peek() == '(')
        {
            flags = FlagNames.Read(reader.FlagList());
            reader.Space();
        }

        if (reader.Peek() == '"')
        {
            date = reader.DateTime();
            reader.Space();
        }

        reader.End();
        return new AppendOptions(flags, date);
    }

    private sealed record AppendOptions(FlagSet Flags, DateTimeOffset? Date);
}
