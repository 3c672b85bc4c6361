using System.Buffers;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>
/// A message made ready for its row, outside of the writer: octets to be bound, or a file already placed and flushed.
/// </summary>
internal readonly struct ReadyMessage(NewMessage message, ReadOnlyMemory<byte> data, byte[]? rented, string? file)
{
    public NewMessage Message => message;

    /// <summary>Prefix and body, or the prefix only when there is a file.</summary>
    public ReadOnlyMemory<byte> Data => data;

    public byte[]? Rented => rented;

    public string? File => file;

    /// <summary>RFC822.SIZE.</summary>
    public long Size => message.Prefix.Length + message.Content.Length;
}

/// <summary>Appends messages: what happens before the commit, and the rows.</summary>
internal static class Appending
{
    private const int BodyBlock = 1000; // Numbers set aside at once, so that few deliveries write the account's row.
    private const uint MaxUid = uint.MaxValue - 1; // UIDNEXT must be a number too.

    /// <summary>Reads small contents into memory and places big ones in the folder of bodies, flushed.</summary>
    public static async ValueTask<ReadyMessage[]> PrepareAsync(OpenAccount account, IReadOnlyList<NewMessage> messages, CancellationToken cancellationToken)
    {
        var ready = new ReadyMessage[messages.Count];
        List<int>? big = null;
        for (var i = 0; i < messages.Count; i++)
        {
            var size = messages[i].Prefix.Length + messages[i].Content.Length;
            if (size > uint.MaxValue)
            {
                throw AccountEdit.Refused(RefusalKind.TooLarge, "MessageTooLarge", uint.MaxValue.ToString(System.Globalization.CultureInfo.InvariantCulture));
            }

            if (size > account.Options.InlineOctets)
            {
                (big ??= []).Add(i);
            }
            else
            {
                ready[i] = await JoinAsync(messages[i], (int)size, cancellationToken);
            }
        }

        if (big is not null)
        {
            var contents = big.Select(i => messages[i].Content).ToList();
            var names = await account.Bodies.PlaceAsync(contents, cancellationToken);
            for (var i = 0; i < big.Count; i++)
            {
                ready[big[i]] = new ReadyMessage(messages[big[i]], messages[big[i]].Prefix, null, names[i]);
            }
        }

        return ready;
    }

    /// <summary>Gives buffers back; when nothing was committed, placed files too.</summary>
    public static void Release(OpenAccount account, ReadyMessage[] ready, bool committed)
    {
        foreach (var message in ready)
        {
            if (message.Rented is not null)
            {
                ArrayPool<byte>.Shared.Return(message.Rented);
            }

            if (message.File is not null && !committed)
            {
                account.Bodies.Withdraw(message.File);
            }
        }
    }

    /// <summary>Writes the rows; for a reader who is not the owner, with \Seen and keywords as the reader's own.</summary>
    public static AppendOutcome Append(AccountEdit edit, MailboxId id, ReadyMessage[] messages, AccountId? reader = null)
    {
        var mailbox = edit.Selectable(id);
        if (messages.Length == 0)
        {
            return new AppendOutcome(id, mailbox.Row.UidValidity, []);
        }

        if ((ulong)mailbox.Row.UidNext.Value + (ulong)messages.Length > MaxUid)
        {
            throw AccountEdit.Refused(RefusalKind.TooMany, "TooManyMessages");
        }

        var now = edit.Now;
        var modSeq = edit.NextModSeq();
        var uids = new Uid[messages.Length];
        var states = new MessageState[messages.Length];
        var effect = default(StateEffect);
        for (var i = 0; i < messages.Length; i++)
        {
            ref readonly var ready = ref messages[i];
            var flags = reader is null ? ready.Message.Flags : new FlagSet(ready.Message.Flags.System & ~MessageFlags.Seen, []);
            (mailbox, var keywords) = Keywords.AddWhatFits(edit, mailbox, flags.Keywords);
            uids[i] = new Uid(mailbox.Row.UidNext.Value + (uint)i);
            states[i] = new MessageState(uids[i], reader is null ? ready.Message.StoredFlags : ready.Message.StoredFlags & ~MessageFlags.Seen, keywords, modSeq, StateStorage.Seconds(ready.Message.InternalDate.Microseconds), (uint)ready.Size);
            effect.Count(states[i], +1);
            var body = InsertBody(edit, ready);
            InsertMessage(edit, id, states[i], body, ready.Message.InternalDate.Microseconds, now.Microseconds);
        }

        Added(edit, mailbox, states, modSeq, effect);
        if (reader is { } account)
        {
            Readers.MarkAdded(edit, id, account, (uids, modSeq), messages.Select(ready => ready.Message.Flags));
        }

        return new AppendOutcome(id, mailbox.Row.UidValidity, uids);
    }

    /// <summary>Notes a delivery; false when it was made before (mail-rules 1).</summary>
    public static bool TryNote(AccountEdit edit, in DeliveryKey key)
    {
        edit.Session.Statement("INSERT INTO delivered({,}entry, recipient, action) VALUES({$}?, ?, ?) ON CONFLICT DO NOTHING")
            .Bind(0, key.Entry.Value).Bind(1, key.Recipient).Bind(2, key.Action).Execute();
        return edit.Session.Changes > 0;
    }

    /// <summary>Forgets notes of deliveries.</summary>
    public static bool Forget(AccountEdit edit, IReadOnlyList<EntryId> entries)
    {
        foreach (var entry in entries)
        {
            edit.Session.Statement("DELETE FROM delivered WHERE {=}entry=?").Bind(0, entry.Value).Execute();
        }

        return true;
    }

    /// <summary>Writes a message's row.</summary>
    public static void InsertMessage(AccountEdit edit, MailboxId mailbox, in MessageState state, long body, long internalDate, long saveDate) =>
        edit.Session.Statement("INSERT INTO message({,}id, body, modseq, flags, keywords, internal_date, save_date, size) VALUES({$}?, ?, ?, ?, ?, ?, ?, ?)")
            .Bind(0, StateStorage.RowId(mailbox, state.Uid.Value)).Bind(1, body).Bind(2, state.ModSeq.Value).Bind(3, (long)state.Flags).Bind(4, (long)state.Keywords)
            .Bind(5, internalDate).Bind(6, saveDate).Bind(7, state.Size).Execute();

    /// <summary>Moves the mailbox's counters and snapshot on after messages were added.</summary>
    public static void Added(AccountEdit edit, MailboxImage mailbox, ReadOnlySpan<MessageState> states, ModSeq modSeq, in StateEffect effect)
    {
        var row = mailbox.Row;
        row = row with
        {
            UidNext = new Uid(row.UidNext.Value + (uint)states.Length),
            HighestModSeq = modSeq,
            Messages = row.Messages + effect.Messages,
            Unseen = row.Unseen + effect.Unseen,
            Deleted = row.Deleted + effect.Deleted,
            Size = row.Size + effect.Size,
        };
        edit.Set(mailbox with
        {
            Row = row,
            State = mailbox.State?.Append(states, row),
            Fold = mailbox.Fold is null ? null : mailbox.Fold with { Tail = mailbox.Fold.Tail + states.Length },
        });
        edit.Announce(row.Id, StoreChangeKind.Added);
    }

    private static async ValueTask<ReadyMessage> JoinAsync(NewMessage message, int size, CancellationToken cancellationToken)
    {
        var (prefix, content) = (message.Prefix, message.Content);
        if (content.InMemory is { } octets && prefix.IsEmpty)
        {
            return new ReadyMessage(message, octets, null, null);
        }

        var rented = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            prefix.Span.CopyTo(rented);
            if (content.InMemory is { } inMemory)
            {
                inMemory.Span.CopyTo(rented.AsSpan(prefix.Length));
            }
            else
            {
                await using var stream = content.OpenRead();
                await stream.ReadExactlyAsync(rented.AsMemory(prefix.Length, size - prefix.Length), cancellationToken);
            }

            return new ReadyMessage(message, rented.AsMemory(0, size), rented, null);
        }
        catch (Exception failure)
        {
            ArrayPool<byte>.Shared.Return(rented);
            throw Database.SqliteFailures.ForCaller(failure, content.FileName ?? "message");
        }
    }

    private static long NextBody(AccountEdit edit)
    {
        var id = edit.Image.NextBody;
        edit.Image = edit.Image with { NextBody = id + 1 };
        if (id >= edit.Image.BodyLimit)
        {
            edit.Image = edit.Image with { BodyLimit = id + BodyBlock };
            edit.Session.Statement("UPDATE account SET body_limit=?{| WHERE account=$1}").Bind(0, id + BodyBlock).Execute();
        }

        return id;
    }

    private static long InsertBody(AccountEdit edit, in ReadyMessage ready)
    {
        var id = NextBody(edit);
        var (message, summary) = (ready.Message, ready.Message.Summary);
        edit.Session.Statement("INSERT INTO body({,}id, size, prefix_length, header_length, file, data) VALUES({$}?, ?, ?, ?, ?, ?)")
            .Bind(0, id).Bind(1, ready.Size).Bind(2, message.Prefix.Length).Bind(3, message.Prefix.Length + summary.HeaderLength).Bind(4, ready.File)
            .Bind(5, ready.Data.Span).Execute();
        if (ready.File is { } name)
        {
            edit.Bodies.Write(edit.Session, name, message.Content);
        }

        var statement = edit.Session.Statement("""
            INSERT INTO summary({,}body, envelope, structure, plain_structure, subject, from_name, from_address, to_names, preview, sent, attachments, message_id, refs, thread)
            VALUES({$}?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """);
        statement.Bind(0, id).Bind(1, summary.Envelope.Span).Bind(2, summary.BodyStructure.Span).Bind(3, summary.Body.Span).Bind(4, summary.Subject)
            .Bind(5, summary.From).Bind(6, summary.FromAddress).Bind(7, summary.To).Bind(8, summary.Preview).Bind(10, summary.HasAttachments ? 1 : 0)
            .Bind(11, summary.MessageId).Bind(12, string.Join(' ', summary.References))
            .Bind(13, Threads.Join(edit, summary, id));
        if (summary.Sent is { } sent)
        {
            statement.Bind(9, sent.Microseconds);
        }
        else
        {
            statement.BindNull(9);
        }

        statement.Execute();
        return id;
    }
}
