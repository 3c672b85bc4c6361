using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>
/// FETCH and UID FETCH. Flags, UIDs, dates and sizes come from the snapshot alone; ENVELOPE and BODYSTRUCTURE are ready octets; bodies are read only when asked for
/// and streamed. \Seen is set by one write at the end.
/// </summary>
internal sealed class FetchCommand(bool byUid) : ImapCommand(byUid ? "UID FETCH" : "FETCH", SessionStates.Selected, byUid ? NewsKind.All : NewsKind.KeepNumbers)
{
    private const int RowsAtOnce = 256;
    private const int BodiesAtOnce = 32;

    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var selected = session.Selected!;
        var arguments = FetchArguments.Parse(command, byUid);
        session.IsCondStore |= arguments.WantsModSeq;
        if (session.Modes.UidOnly && arguments.Items.Count > 1)
        {
            // The number of a UIDFETCH response is the UID (RFC 9586 3.3).
            arguments = arguments with { Items = [.. arguments.Items.Where(i => i.Attribute != FetchAttribute.Uid)] };
        }

        var columns = Columns(arguments.Items);
        var positions = selected.Resolve(arguments.Set, byUid);
        if (arguments.Partial is { } partial)
        {
            positions = Stretch(positions, partial);
        }

        var lowest = MessageLimits.Keep(session, positions);
        if (arguments.WantsVanished)
        {
            await TellVanishedAsync(session, arguments, cancellationToken);
        }

        if (columns == MessageColumns.None)
        {
            await WriteStatesAsync(session, arguments, positions, cancellationToken);
            return Completion.Ok("Fetch completed", MessageLimits.Code(session, lowest));
        }

        var marks = !selected.IsReadOnly && (selected.Rights & Rights.Seen) != 0 && arguments.Items.Any(i => i.Marks) ? new List<Uid>() : null;
        var fetch = new RowFetch(arguments, columns, marks);
        var isComplete = await WriteRowsAsync(session, fetch, positions, cancellationToken);
        if (marks is { Count: > 0 })
        {
            var change = new FlagChange(UidSet.From(marks), FlagOperation.Add, new FlagSet(MessageFlags.Seen, []));
            var outcome = await selected.Store.StoreFlagsAsync(selected.Id, change, cancellationToken);
            await selected.TellAsync(session, outcome.State, new News(NewsKind.KeepNumbers) { WithUid = byUid, Always = session.Watch is null ? null : change.Uids }, cancellationToken);
        }

        return fetch.IsUndecodable ? Completion.No("A content transfer encoding is not known", "UNKNOWN-CTE")
            : isComplete ? Completion.Ok("Fetch completed", MessageLimits.Code(session, lowest)) : Completion.No("Some messages are gone", "EXPUNGEISSUED");
    }

    /// <summary>Tells items of messages unasked, as NOTIFY wants of new ones (RFC 5465 5.2). None counts as seen by that.</summary>
    public static async ValueTask TellAsync(ImapSession session, IReadOnlyList<FetchItem> items, List<(int Start, int Count)> positions, CancellationToken cancellationToken)
    {
        var arguments = new FetchArguments(SequenceSet.None, items);
        var columns = Columns(items);
        if (columns == MessageColumns.None)
        {
            await WriteStatesAsync(session, arguments, positions, cancellationToken);
        }
        else
        {
            await WriteRowsAsync(session, new RowFetch(arguments, columns, Marks: null), positions, cancellationToken);
        }
    }

    /// <summary>The stretch of the messages named.</summary>
    private static List<(int Start, int Count)> Stretch(List<(int Start, int Count)> positions, PartialRange partial)
    {
        var (skip, take) = partial.Of(positions.Sum(p => p.Count));
        var kept = new List<(int Start, int Count)>();
        foreach (var (start, count) in positions)
        {
            var from = Math.Min(skip, count);
            var length = Math.Min(count - from, take);
            if (length > 0)
            {
                kept.Add((start + from, length));
            }

            skip -= from;
            take -= length;
        }

        return kept;
    }

    private static MessageColumns Columns(IReadOnlyList<FetchItem> items)
    {
        var columns = MessageColumns.None;
        foreach (var item in items)
        {
            columns |= item.Attribute switch
            {
                FetchAttribute.EmailId or FetchAttribute.ThreadId => MessageColumns.ObjectIds,
                FetchAttribute.Envelope => MessageColumns.Envelope,
                FetchAttribute.Body => MessageColumns.Body,
                FetchAttribute.BodyStructure => MessageColumns.BodyStructure,
                FetchAttribute.SaveDate => MessageColumns.SaveDate,
                FetchAttribute.Preview => MessageColumns.Listing,
                _ => item.Section is null ? MessageColumns.None : MessageColumns.Content,
            };
        }

        return columns;
    }

    private static async ValueTask WriteStatesAsync(ImapSession session, FetchArguments arguments, List<(int Start, int Count)> positions, CancellationToken cancellationToken)
    {
        var selected = session.Selected!;
        var output = session.Output;
        var wantsSize = arguments.Items.Any(i => i.Attribute == FetchAttribute.Size);
        foreach (var (start, count) in positions)
        {
            var number = start;
            foreach (var seen in selected.View.Range(start, count))
            {
                number++;
                var message = selected.Current(seen);
                if (arguments.ChangedSince is { } since && message.ModSeq.Value <= since)
                {
                    continue;
                }

                message = wantsSize ? await ShownForm.SizedAsync(session, message, cancellationToken) : message;
                SelectedMailbox.BeginFetch(session, number, message.Uid);
                var isFirst = true;
                foreach (var item in arguments.Items)
                {
                    FetchWriter.WriteState(selected, output, item.Attribute, message, ref isFirst);
                }

                output.Write(")\r\n"u8);
                if (output.Unflushed > 32 * 1024)
                {
                    await session.FlushAsync(cancellationToken);
                }
            }
        }
    }

    /// <returns>False when messages were gone.</returns>
    private static async ValueTask<bool> WriteRowsAsync(ImapSession session, RowFetch fetch, List<(int Start, int Count)> positions, CancellationToken cancellationToken)
    {
        var selected = session.Selected!;
        var size = (fetch.Columns & MessageColumns.Content) != 0 ? BodiesAtOnce : RowsAtOnce;
        var batch = new List<(int Number, MessageState Message)>(size);
        var isComplete = true;
        foreach (var (start, count) in positions)
        {
            var number = start;
            foreach (var seen in selected.View.Range(start, count))
            {
                number++;
                var message = selected.Current(seen);
                if (fetch.Arguments.ChangedSince is { } since && message.ModSeq.Value <= since)
                {
                    continue;
                }

                batch.Add((number, message));
                if (batch.Count == size)
                {
                    isComplete &= await WriteBatchAsync(session, fetch, batch, cancellationToken);
                    batch.Clear();
                }
            }
        }

        return (batch.Count == 0 || await WriteBatchAsync(session, fetch, batch, cancellationToken)) && isComplete;
    }

    private static async ValueTask<bool> WriteBatchAsync(ImapSession session, RowFetch fetch, List<(int Number, MessageState Message)> batch, CancellationToken cancellationToken)
    {
        var uids = new Uid[batch.Count];
        for (var i = 0; i < uids.Length; i++)
        {
            uids[i] = batch[i].Message.Uid;
        }

        var at = 0;
        var written = 0;
        await foreach (var row in session.Selected!.Store.ReadAsync(session.Selected.Id, uids, fetch.Columns, cancellationToken))
        {
            while (batch[at].Message.Uid != row.Uid)
            {
                at++;
            }

            try
            {
                await WriteRowAsync(session, fetch, batch[at], row, cancellationToken);
                written++;
            }
            finally
            {
                if (row.Content is { } content)
                {
                    await content.DisposeAsync();
                }
            }

            if (session.Output.Unflushed > 32 * 1024)
            {
                await session.FlushAsync(cancellationToken);
            }
        }

        return written == batch.Count;
    }

    private static async ValueTask WriteRowAsync(ImapSession session, RowFetch fetch, (int Number, MessageState Message) one, MessageRow row, CancellationToken cancellationToken)
    {
        var selected = session.Selected!;
        var output = session.Output;
        await using var shown = ShownForm.Concerns(one.Message) ? await ShownForm.OpenAsync(session, one.Message.Uid, row.Content, cancellationToken) : null;
        var state = shown is null ? one.Message : one.Message with { Size = (uint)shown.Content.Length };
        var sections = row.Content is { } content ? new SectionWriter(session, one.Message.Uid, shown?.Content ?? content, shown?.HeaderLength ?? content.HeaderLength) : null;
        SelectedMailbox.BeginFetch(session, one.Number, one.Message.Uid);
        var isFirst = true;
        foreach (var item in fetch.Arguments.Items)
        {
            switch (item.Attribute)
            {
                case FetchAttribute.Envelope:
                    FetchWriter.WriteReady(output, "ENVELOPE "u8, shown is null ? row.Envelope.Span : shown.Envelope(), ref isFirst);
                    break;
                case FetchAttribute.Body:
                    FetchWriter.WriteReady(output, "BODY "u8, shown is null ? row.Body.Span : shown.Structure(extended: false), ref isFirst);
                    break;
                case FetchAttribute.BodyStructure:
                    FetchWriter.WriteReady(output, "BODYSTRUCTURE "u8, shown is null ? row.BodyStructure.Span : shown.Structure(extended: true), ref isFirst);
                    break;
                case FetchAttribute.SaveDate:
                    FetchWriter.Separate(output, ref isFirst);
                    output.Write("SAVEDATE "u8);
                    ImapTime.Write(output, (row.SaveDate?.Microseconds ?? 0) / 1_000_000);
                    break;
                case FetchAttribute.Preview:
                    FetchWriter.Separate(output, ref isFirst);
                    output.Write("PREVIEW "u8);
                    output.String(System.Text.Encoding.UTF8.GetBytes(row.Listing?.Preview ?? ""));
                    break;
                case FetchAttribute.Binary or FetchAttribute.BinarySize:
                    FetchWriter.Separate(output, ref isFirst);
                    fetch.IsUndecodable |= !await sections!.WriteBinaryAsync(item, cancellationToken);
                    break;
                case FetchAttribute.EmailId:
                    FetchWriter.WriteObjectId(output, "EMAILID ("u8, ObjectIds.Email(selected.Store.Account, row.EmailId), ref isFirst);
                    break;
                case FetchAttribute.ThreadId:
                    FetchWriter.WriteObjectId(output, "THREADID ("u8, ObjectIds.Thread(selected.Store.Account, row.ThreadId), ref isFirst);
                    break;
                case var _ when item.Section is not null:
                    FetchWriter.Separate(output, ref isFirst);
                    await sections!.WriteAsync(item, cancellationToken);
                    break;
                default:
                    FetchWriter.WriteState(selected, output, item.Attribute, state, ref isFirst);
                    break;
            }
        }

        output.Write(")\r\n"u8);
        if ((one.Message.Flags & MessageFlags.Seen) == 0)
        {
            fetch.Marks?.Add(one.Message.Uid);
        }
    }

    /// <summary>UID FETCH … (CHANGEDSINCE … VANISHED), RFC 7162 3.2.6.</summary>
    private ValueTask TellVanishedAsync(ImapSession session, FetchArguments arguments, CancellationToken cancellationToken)
    {
        if (!byUid || !session.Modes.QResync)
        {
            throw new SyntaxException("VANISHED needs UID FETCH and QRESYNC enabled");
        }

        var next = session.Selected!.View.Mailbox.UidNext.Value;
        var asked = UidSet.FromRanges(arguments.Set.Resolve(next - 1)).Intersect(UidSet.FromRanges([(1, Math.Max(1, next - 1))]));
        return Resync.TellVanishedAsync(session, (asked, arguments.ChangedSince ?? 0, 0), cancellationToken);
    }

    private sealed record RowFetch(FetchArguments Arguments, MessageColumns Columns, List<Uid>? Marks)
    {
        /// <summary>A part's encoding was not known (RFC 3516 4.3).</summary>
        public bool IsUndecodable { get; set; }
    }
}
