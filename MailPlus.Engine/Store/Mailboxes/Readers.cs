using System.Collections.Immutable;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>
/// \Seen and keywords of those who read another's mailbox (mail-rules 11): one row for each reader of a mailbox with counters, and one for each chunk of 256 UIDs
/// with a mark. A change rewrites the chunks it touches; nothing is read that it does not touch.
/// </summary>
internal static class Readers
{
    private const uint ChunkMask = 0xff_ffff;

    /// <summary>The readers of all mailboxes that have one, by mailbox, then by account; without their marks.</summary>
    public static Dictionary<long, ImmutableDictionary<long, ReaderImage>> Read(SqlSession session)
    {
        var found = new Dictionary<long, ImmutableDictionary<long, ReaderImage>.Builder>();
        var rows = session.Statement("SELECT id, mailbox, {account|reader}, keywords, seen, modseq FROM reader{| WHERE account=$1}");
        while (rows.Step())
        {
            if (!found.TryGetValue(rows.Long(1), out var readers))
            {
                found.Add(rows.Long(1), readers = ImmutableDictionary.CreateBuilder<long, ReaderImage>());
            }

            readers.Add(rows.Long(2), new ReaderImage(rows.Long(0), new AccountId(rows.Long(2)))
            {
                Keywords = rows.Text(3) is { Length: > 0 } keywords ? keywords.Split(' ') : [], Seen = rows.Int(4), Highest = new ModSeq(rows.Long(5)),
            });
        }

        rows.Reset();
        return found.ToDictionary(readers => readers.Key, readers => readers.Value.ToImmutable());
    }

    /// <summary>The readers of a mailbox as another process left them; marks that cannot have changed stay in memory.</summary>
    public static MailboxImage Follow(MailboxImage was, MailboxImage now)
    {
        // An expunge changes marks and leaves the reader's own MODSEQ.
        var isSame = was.Row.HighestModSeq == now.Row.HighestModSeq;
        foreach (var before in was.Readers.Values)
        {
            var after = Of(now, before.Account);
            var kept = after.Id == before.Id && (after.Id == 0 || (isSame && after.Highest == before.Highest)) ? before
                : after with { Version = before.Version + 1, View = before.View };
            now = now with { Readers = now.Readers.SetItem(before.Account.Value, kept) };
        }

        return now;
    }

    /// <summary>A mailbox and a reader of it, both with what a snapshot needs in memory.</summary>
    /// <exception cref="RefusedException">NotFound.</exception>
    public static (MailboxImage Mailbox, ReaderImage Reader) Loaded(AccountEdit edit, MailboxId id, AccountId account, bool settles = true)
    {
        var mailbox = edit.Loaded(id, settles);
        var reader = Of(mailbox, account);
        if (reader.Chunks is null)
        {
            var chunks = new List<MarkChunk>();
            if (reader.Id != 0)
            {
                var rows = edit.Session.Statement("SELECT id, data FROM reader_mark WHERE {=}id BETWEEN ? AND ? ORDER BY id")
                    .Bind(0, RowId(reader, 0)).Bind(1, RowId(reader, ChunkMask));
                while (rows.Step())
                {
                    chunks.Add(MarkChunk.Unpack((uint)rows.Long(0) & ChunkMask, rows.Blob(1)));
                }

                rows.Reset();
            }

            reader = reader with { Chunks = [.. chunks], Seen = chunks.Sum(chunk => chunk.Seen) };
            mailbox = Keep(edit, mailbox, reader);
        }

        return (mailbox, reader);
    }

    /// <summary>Changes flags as a reader does: \Seen and keywords the reader's, the others everybody's.</summary>
    /// <returns>The mailbox and the reader after it, and the UIDs refused by UNCHANGEDSINCE.</returns>
    public static (MailboxImage Mailbox, ReaderImage Reader, UidSet Modified) Store(AccountEdit edit, MailboxId id, AccountId account, FlagChange change)
    {
        var (mailbox, reader) = Loaded(edit, id, account);
        List<Uid> allowed = [], refused = [];
        foreach (var message in mailbox.State!.In(change.Uids))
        {
            var modSeq = Math.Max(message.ModSeq.Value, Find(edit, reader, message.Uid.Value)?.ModSeq ?? 0);
            (modSeq > (change.UnchangedSince?.Value ?? long.MaxValue) ? refused : allowed).Add(message.Uid);
        }

        mailbox = FlagChanges.StoreShared(edit, mailbox, change.Operation, change.Flags.System, UidSet.From(allowed));
        ulong keywords;
        if (change.Operation == FlagOperation.Remove)
        {
            keywords = Keywords.Known(reader.Keywords, change.Flags.Keywords);
        }
        else
        {
            (var names, keywords) = Keywords.Extend(reader.Keywords, change.Flags.Keywords, strict: true);
            reader = reader with { Keywords = names };
        }

        var isSeen = (change.Flags.System & MessageFlags.Seen) != 0;
        var next = new ModSeq(edit.Image.ModSeq + 1);
        var marks = new List<ReaderMark>();
        foreach (var uid in allowed)
        {
            var before = Find(edit, reader, uid.Value) ?? new ReaderMark(uid.Value, false, 0, 0);
            var after = change.Operation switch
            {
                FlagOperation.Add => before with { IsSeen = before.IsSeen || isSeen, Keywords = before.Keywords | keywords },
                FlagOperation.Remove => before with { IsSeen = before.IsSeen && !isSeen, Keywords = before.Keywords & ~keywords },
                _ => before with { IsSeen = isSeen, Keywords = keywords },
            };
            if (after != before)
            {
                marks.Add(after with { ModSeq = next.Value });
            }
        }

        if (marks.Count > 0)
        {
            edit.NextModSeq();
            mailbox = Put(edit, mailbox, reader, marks);
        }

        return (mailbox, Of(mailbox, account), UidSet.From(refused));
    }

    /// <summary>Gives messages a reader has just put in that reader's own flags.</summary>
    public static void MarkAdded(AccountEdit edit, MailboxId id, AccountId account, (IReadOnlyList<Uid> Uids, ModSeq ModSeq) added, IEnumerable<FlagSet> flags)
    {
        var mailbox = edit.Mailbox(id);
        var reader = Of(mailbox, account);
        var marks = new List<ReaderMark>();
        foreach (var (uid, given) in added.Uids.Zip(flags))
        {
            var (names, keywords) = Keywords.Extend(reader.Keywords, given.Keywords, strict: false);
            reader = reader with { Keywords = names };
            var isSeen = (given.System & MessageFlags.Seen) != 0;
            if (isSeen || keywords != 0)
            {
                marks.Add(new ReaderMark(uid.Value, isSeen, keywords, added.ModSeq.Value));
            }
        }

        Put(edit, mailbox, reader, marks);
    }

    /// <summary>Copies have the marks of what they are copies of, for everybody.</summary>
    public static void Carry(AccountEdit edit, (MailboxId Mailbox, IReadOnlyList<Uid> Uids) source, (MailboxId Mailbox, IReadOnlyList<Uid> Uids) target, ModSeq modSeq)
    {
        foreach (var reader in edit.Mailbox(source.Mailbox).Readers.Values.Where(reader => reader.Id != 0))
        {
            var mailbox = edit.Mailbox(target.Mailbox);
            var there = Of(mailbox, reader.Account);
            var bits = new Dictionary<ulong, ulong> { [0] = 0 };
            var marks = new List<ReaderMark>();
            var chunk = new MarkChunk(uint.MaxValue, []);
            for (var i = 0; i < source.Uids.Count; i++)
            {
                var uid = source.Uids[i].Value;
                chunk = chunk.Number == MarkChunk.NumberOf(uid) ? chunk : Chunk(edit, reader, MarkChunk.NumberOf(uid));
                if (chunk.Find(uid) is not { } mark || mark is { IsSeen: false, Keywords: 0 })
                {
                    continue;
                }

                if (!bits.TryGetValue(mark.Keywords, out var keywords))
                {
                    (var names, keywords) = Keywords.Extend(there.Keywords, Keywords.Names(reader.Keywords, mark.Keywords), strict: false);
                    there = there with { Keywords = names };
                    bits.Add(mark.Keywords, keywords);
                }

                marks.Add(new ReaderMark(target.Uids[i].Value, mark.IsSeen, keywords, modSeq.Value));
            }

            Put(edit, mailbox, there, marks);
        }
    }

    /// <summary>Forgets everybody's marks of messages that are gone.</summary>
    public static MailboxImage Forget(AccountEdit edit, MailboxImage mailbox, UidSet gone)
    {
        foreach (var reader in mailbox.Readers.Values.Where(reader => reader.Id != 0))
        {
            var changed = new SortedDictionary<uint, MarkChunk>();
            var seen = reader.Seen;
            foreach (var (first, last) in gone.Ranges)
            {
                for (var number = MarkChunk.NumberOf(first); number <= MarkChunk.NumberOf(last); number++)
                {
                    if (changed.ContainsKey(number))
                    {
                        continue;
                    }

                    var before = Chunk(edit, reader, number);
                    var after = before.Without(gone);
                    if (!ReferenceEquals(before, after))
                    {
                        seen += after.Seen - before.Seen;
                        changed.Add(number, after);
                    }
                }
            }

            if (changed.Count > 0)
            {
                mailbox = Write(edit, mailbox, reader with { Seen = seen }, [.. changed.Values]);
            }
        }

        return mailbox;
    }

    /// <summary>Removes the readers of a mailbox that is no more.</summary>
    public static void Clear(SqlSession session, MailboxId mailbox)
    {
        var ids = new List<long>();
        var rows = session.Statement("SELECT id FROM reader WHERE {=}mailbox=?").Bind(0, mailbox.Value);
        while (rows.Step())
        {
            ids.Add(rows.Long(0));
        }

        rows.Reset();
        foreach (var id in ids)
        {
            session.Statement("DELETE FROM reader_mark WHERE {=}id BETWEEN ? AND ?").Bind(0, id << 24).Bind(1, (id << 24) | ChunkMask).Execute();
        }

        session.Statement("DELETE FROM reader WHERE {=}mailbox=?").Bind(0, mailbox.Value).Execute();
    }

    private static ReaderImage Of(MailboxImage mailbox, AccountId account) => mailbox.Readers.GetValueOrDefault(account.Value) ?? new ReaderImage(0, account);

    private static long RowId(ReaderImage reader, uint number) => (reader.Id << 24) | number;

    private static ReaderMark? Find(AccountEdit edit, ReaderImage reader, uint uid) => Chunk(edit, reader, MarkChunk.NumberOf(uid)).Find(uid);

    /// <summary>A chunk from memory or its row; empty when there is none.</summary>
    private static MarkChunk Chunk(AccountEdit edit, ReaderImage reader, uint number)
    {
        if (reader.Chunks is { } chunks)
        {
            var (low, high) = (0, chunks.Length);
            while (low < high)
            {
                var middle = (low + high) >>> 1;
                (low, high) = chunks[middle].Number < number ? (middle + 1, high) : (low, middle);
            }

            return low < chunks.Length && chunks[low].Number == number ? chunks[low] : new MarkChunk(number, []);
        }

        if (reader.Id == 0)
        {
            return new MarkChunk(number, []);
        }

        var row = edit.Session.Statement("SELECT data FROM reader_mark WHERE {=}id=?").Bind(0, RowId(reader, number));
        var found = row.Step() ? MarkChunk.Unpack(number, row.Blob(0)) : new MarkChunk(number, []);
        row.Reset();
        return found;
    }

    /// <summary>Puts marks, ascending by UID, in place of those that were there.</summary>
    private static MailboxImage Put(AccountEdit edit, MailboxImage mailbox, ReaderImage reader, List<ReaderMark> marks)
    {
        if (marks.Count == 0)
        {
            return mailbox;
        }

        if (reader.Id == 0)
        {
            var next = edit.Session.Statement("SELECT coalesce(max(id), 0) + 1 FROM reader{| WHERE account=$1}");
            next.Step();
            reader = reader with { Id = next.Long(0) };
            next.Reset();
            edit.Session.Statement("INSERT INTO reader({,}id, mailbox, {account|reader}, keywords, seen, modseq) VALUES({$}?, ?, ?, '', 0, 0)")
                .Bind(0, reader.Id).Bind(1, mailbox.Row.Id.Value).Bind(2, reader.Account.Value).Execute();
        }

        var (changed, seen, all) = (new List<MarkChunk>(), reader.Seen, marks.ToArray());
        for (var (start, end) = (0, 0); start < all.Length; start = end)
        {
            var number = MarkChunk.NumberOf(all[start].Uid);
            for (end = start; end < all.Length && MarkChunk.NumberOf(all[end].Uid) == number;)
            {
                end++;
            }

            var before = Chunk(edit, reader, number);
            var after = before.With(all.AsSpan(start, end - start));
            seen += after.Seen - before.Seen;
            changed.Add(after);
        }

        var highest = all.Max(mark => mark.ModSeq);
        mailbox = Write(edit, mailbox, reader with { Seen = seen, Highest = new ModSeq(Math.Max(highest, reader.Highest.Value)) }, changed);
        edit.Announce(mailbox.Row.Id, StoreChangeKind.Flags, onlyFor: reader.Account);
        return mailbox;
    }

    private static MailboxImage Write(AccountEdit edit, MailboxImage mailbox, ReaderImage reader, IReadOnlyList<MarkChunk> changed)
    {
        foreach (var chunk in changed)
        {
            var row = RowId(reader, chunk.Number);
            if (chunk.Marks.Length == 0)
            {
                edit.Session.Statement("DELETE FROM reader_mark WHERE {=}id=?").Bind(0, row).Execute();
            }
            else
            {
                edit.Session.Statement("INSERT INTO reader_mark({,}id, data) VALUES({$}?, ?) ON CONFLICT({,}id) DO UPDATE SET data=excluded.data")
                    .Bind(0, row).Bind(1, chunk.Pack().Written).Execute();
            }
        }

        edit.Session.Statement("UPDATE reader SET keywords=?, seen=?, modseq=? WHERE {=}id=?")
            .Bind(0, string.Join(' ', reader.Keywords)).Bind(1, reader.Seen).Bind(2, reader.Highest.Value).Bind(3, reader.Id).Execute();
        return Keep(edit, mailbox, reader with { Chunks = reader.Chunks is { } chunks ? Merge(chunks, changed) : null, Version = reader.Version + 1 });
    }

    private static MarkChunk[] Merge(MarkChunk[] chunks, IReadOnlyList<MarkChunk> changed)
    {
        var merged = new List<MarkChunk>(chunks.Length + changed.Count);
        var at = 0;
        foreach (var chunk in changed)
        {
            for (; at < chunks.Length && chunks[at].Number < chunk.Number; at++)
            {
                merged.Add(chunks[at]);
            }

            at += at < chunks.Length && chunks[at].Number == chunk.Number ? 1 : 0;
            if (chunk.Marks.Length > 0)
            {
                merged.Add(chunk);
            }
        }

        merged.AddRange(chunks.AsSpan(at));
        return [.. merged];
    }

    private static MailboxImage Keep(AccountEdit edit, MailboxImage mailbox, ReaderImage reader)
    {
        mailbox = mailbox with { Readers = mailbox.Readers.SetItem(reader.Account.Value, reader) };
        edit.Image = edit.Image.With(mailbox);
        return mailbox;
    }
}
