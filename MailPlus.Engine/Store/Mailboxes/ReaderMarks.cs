using System.Collections.Immutable;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>What somebody else than the owner noted of one message for themselves (mail-rules 11). It stays when all of it is taken back, for its MODSEQ.</summary>
internal readonly record struct ReaderMark(uint Uid, bool IsSeen, ulong Keywords, long ModSeq);

/// <summary>One reader's marks of messages whose UIDs differ in their low eight bits only, ascending and immutable: what one row holds.</summary>
internal sealed class MarkChunk(uint number, ReaderMark[] marks)
{
    private const ulong FormVersion = 1;

    public uint Number => number;

    public ReaderMark[] Marks => marks;

    public int Seen { get; } = marks.Count(mark => mark.IsSeen);

    /// <summary>The chunk a UID belongs to.</summary>
    public static uint NumberOf(uint uid) => uid >> 8;

    /// <summary>Reads a stored chunk.</summary>
    /// <exception cref="InvalidDataException">Not a chunk.</exception>
    public static MarkChunk Unpack(uint number, ReadOnlySpan<byte> octets)
    {
        var reader = new VarintReader(octets);
        var (version, count) = (reader.Next(), reader.Next());
        if (version != FormVersion || count > 256)
        {
            throw new InvalidDataException("The marks of a reader are broken.");
        }

        var marks = new ReaderMark[(int)count];
        var last = new ReaderMark(number << 8, false, 0, 0);
        for (var i = 0; i < marks.Length; i++)
        {
            var uid = last.Uid + (uint)reader.Next();
            var bits = reader.Next();
            last = new ReaderMark(uid, (bits & 1) != 0, (bits & 2) == 0 ? last.Keywords : reader.Next(), last.ModSeq + reader.NextSigned());
            marks[i] = last;
        }

        return new MarkChunk(number, marks);
    }

    public VarintWriter Pack()
    {
        var writer = new VarintWriter(marks.Length * 5 + 16);
        writer.Add(FormVersion);
        writer.Add((ulong)marks.Length);
        var last = new ReaderMark(number << 8, false, 0, 0);
        foreach (var mark in marks)
        {
            writer.Add(mark.Uid - last.Uid);
            var hasOthers = mark.Keywords != last.Keywords;
            writer.Add((mark.IsSeen ? 1UL : 0) | (hasOthers ? 2UL : 0));
            if (hasOthers)
            {
                writer.Add(mark.Keywords);
            }

            writer.AddSigned(mark.ModSeq - last.ModSeq);
            last = mark;
        }

        return writer;
    }

    public ReaderMark? Find(uint uid)
    {
        var (low, high) = (0, marks.Length);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (marks[middle].Uid < uid)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low < marks.Length && marks[low].Uid == uid ? marks[low] : null;
    }

    /// <summary>With marks put in or replaced; both in order of UID.</summary>
    public MarkChunk With(ReadOnlySpan<ReaderMark> changed)
    {
        var merged = new List<ReaderMark>(marks.Length + changed.Length);
        var at = 0;
        foreach (var mark in changed)
        {
            for (; at < marks.Length && marks[at].Uid < mark.Uid; at++)
            {
                merged.Add(marks[at]);
            }

            at += at < marks.Length && marks[at].Uid == mark.Uid ? 1 : 0;
            merged.Add(mark);
        }

        merged.AddRange(marks.AsSpan(at));
        return new MarkChunk(number, [.. merged]);
    }

    /// <summary>Without those of messages that are gone.</summary>
    public MarkChunk Without(UidSet gone) =>
        marks.Any(mark => gone.Contains(new Uid(mark.Uid))) ? new MarkChunk(number, [.. marks.Where(mark => !gone.Contains(new Uid(mark.Uid)))]) : this;
}

/// <summary>One reader of a mailbox who is not its owner.</summary>
/// <param name="Id">Row id; 0 until something is marked.</param>
/// <param name="Account">Who.</param>
internal sealed record ReaderImage(long Id, AccountId Account)
{
    /// <summary>The reader's keywords by bit of <see cref="ReaderMark.Keywords"/>.</summary>
    public IReadOnlyList<string> Keywords { get; init; } = [];

    /// <summary>How many messages are \Seen.</summary>
    public int Seen { get; init; }

    /// <summary>MODSEQ of the reader's last change.</summary>
    public ModSeq Highest { get; init; }

    /// <summary>All marks in order, null until somebody looks.</summary>
    public MarkChunk[]? Chunks { get; init; }

    /// <summary>Grows with every change of a mark while this process runs.</summary>
    public long Version { get; init; }

    /// <summary>The last snapshot made for this reader.</summary>
    public ReaderView View { get; init; } = new();

    /// <summary>A mailbox as this reader has it.</summary>
    public Mailbox Of(Mailbox mailbox) => mailbox with
    {
        Keywords = Keywords,
        Unseen = Math.Max(0, mailbox.Messages - Seen),
        HighestModSeq = new ModSeq(Math.Max(Highest.Value, mailbox.HighestModSeq.Value)),
    };
}

/// <summary>
/// Makes a reader's snapshot of a mailbox from everybody's: \Seen and keywords are the reader's, the other flags everybody's, MODSEQ the later of both.
/// Blocks are made anew only where one of the two changed, so that the next snapshot costs what the change does.
/// </summary>
internal sealed class ReaderView
{
    private readonly Lock _gate = new();
    private PackedState? _state;
    private ReaderImage? _reader;
    private PackedState? _view;

    /// <summary>The snapshot for a loaded reader.</summary>
    public PackedState Of(PackedState state, ReaderImage reader)
    {
        lock (_gate)
        {
            if (_view is null || !ReferenceEquals(state, _state) || !ReferenceEquals(reader, _reader))
            {
                _view = Make(state, reader);
                (_state, _reader) = (state, reader);
            }

            return _view;
        }
    }

    private PackedState Make(PackedState state, ReaderImage reader)
    {
        var chunks = reader.Chunks!;
        var changed = Changed(_reader?.Chunks ?? [], chunks);
        var blocks = new StateBlock[state.Blocks.Length];
        var old = 0;
        for (var i = 0; i < blocks.Length; i++)
        {
            var block = state.Blocks[i];
            while (_state is not null && old < _state.Blocks.Length && _state.Blocks[old].First < block.First)
            {
                old++;
            }

            var isSame = _state is not null && old < _state.Blocks.Length && ReferenceEquals(_state.Blocks[old].Items, block.Items) && _state.Blocks[old].Count == block.Count
                && !Touches(changed, block);
            blocks[i] = isSame ? _view!.Blocks[old] : Make(block, chunks);
        }

        return state.With(reader.Of(state.Mailbox), state.Version + reader.Version, blocks);
    }

    private static StateBlock Make(StateBlock block, MarkChunk[] chunks)
    {
        var items = block.Span.ToArray();
        var (chunk, mark) = (FirstAtLeast(chunks, MarkChunk.NumberOf(block.First.Value)), 0);
        for (var i = 0; i < items.Length; i++)
        {
            var uid = items[i].Uid.Value;
            for (; chunk < chunks.Length && chunks[chunk].Number < MarkChunk.NumberOf(uid); chunk++)
            {
                mark = 0;
            }

            var found = default(ReaderMark);
            if (chunk < chunks.Length && chunks[chunk].Number == MarkChunk.NumberOf(uid))
            {
                var marks = chunks[chunk].Marks;
                while (mark < marks.Length && marks[mark].Uid < uid)
                {
                    mark++;
                }

                found = mark < marks.Length && marks[mark].Uid == uid ? marks[mark] : default;
            }

            items[i] = items[i] with
            {
                Flags = (items[i].Flags & ~MessageFlags.Seen) | (found.IsSeen ? MessageFlags.Seen : MessageFlags.None),
                Keywords = found.Keywords,
                ModSeq = new ModSeq(Math.Max(items[i].ModSeq.Value, found.ModSeq)),
            };
        }

        return new StateBlock(items, items.Length);
    }

    /// <summary>Numbers of chunks that are not the same in both, ascending.</summary>
    private static List<uint> Changed(MarkChunk[] before, MarkChunk[] now)
    {
        var changed = new List<uint>();
        var (a, b) = (0, 0);
        while (a < before.Length || b < now.Length)
        {
            if (b == now.Length || (a < before.Length && before[a].Number < now[b].Number))
            {
                changed.Add(before[a++].Number);
            }
            else if (a == before.Length || now[b].Number < before[a].Number)
            {
                changed.Add(now[b++].Number);
            }
            else
            {
                if (!ReferenceEquals(before[a], now[b]))
                {
                    changed.Add(now[b].Number);
                }

                (a, b) = (a + 1, b + 1);
            }
        }

        return changed;
    }

    private static bool Touches(List<uint> changed, StateBlock block)
    {
        var at = changed.BinarySearch(MarkChunk.NumberOf(block.First.Value));
        at = at < 0 ? ~at : at;
        return at < changed.Count && changed[at] <= MarkChunk.NumberOf(block.Last.Value);
    }

    private static int FirstAtLeast(MarkChunk[] chunks, uint number)
    {
        var (low, high) = (0, chunks.Length);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            (low, high) = chunks[middle].Number < number ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
