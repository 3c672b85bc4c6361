using System.Text;
using FsCheck;
using FsCheck.Xunit;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using Xunit;

namespace MailPlus.Tests.Store;

/// <summary>Random operations against a model that keeps everything in plain lists.</summary>
public abstract partial class MailStoreContract
{
    private static readonly string[] Words = ["k0", "k1", "k2"];
    private int _account = 100;

    [Property(MaxTest = 25, EndSize = 400)]
    public async Task Random_operations_do_what_a_simple_model_says(DoNotShrink<byte[]> given)
    {
        // Not shrunk: each try costs seconds of disk, and a failing program is short enough to be read.
        var program = given.Item;
        var account = new AccountId(_account++);
        await Store.CreateAsync(account, default);
        var run = new ModelRun();
        var mail = await Store.OpenAsync(account, default);
        try
        {
            for (var i = 0; i + 3 < program.Length; i += 4)
            {
                var (operation, a, b, c) = (program[i] % 9, program[i + 1], program[i + 2], program[i + 3]);
                if (operation >= 7)
                {
                    await mail.DisposeAsync();
                    await (operation == 7 ? ReopenAsync() : CrashAsync());
                    mail = await Store.OpenAsync(account, default);
                }
                else
                {
                    await run.StepAsync(mail, operation, (a, b, c));
                }

                await run.CheckAsync(mail);
            }

            await run.CheckContentsAsync(mail);
        }
        finally
        {
            await mail.DisposeAsync();
        }
    }

    private sealed record ModelMessage(uint Uid, MessageFlags Flags, string Keywords, string Subject, int Touched);

    private sealed class ModelBox(string name)
    {
        public string Name => name;

        public List<ModelMessage> Messages { get; set; } = [];

        public uint UidNext { get; set; } = 1;

        public List<(uint Uid, long ModSeq)> Gone { get; } = [];

        public long ModSeq { get; set; }

        public List<(MailboxState State, List<ModelMessage> Messages)> Snapshots { get; } = [];
    }

    private sealed class ModelRun
    {
        private readonly ModelBox[] _boxes = [new("INBOX"), new("Archive")];
        private int _step;

        public async Task StepAsync(IAccountStore mail, int operation, (byte A, byte B, byte C) with)
        {
            _step++;
            var (box, other) = (_boxes[with.A % 2], _boxes[with.A / 2 % 2]);
            var id = await IdAsync(mail, box);
            var uids = UidSet.FromRanges([(with.B % 32u, with.C % 64u), ((uint)with.C, with.C + (with.B % 8u))]);
            var flags = new FlagSet((MessageFlags)(with.C & 31), [.. Words.Where((_, i) => (with.B >> i & 1) != 0)]);
            switch (operation)
            {
                case 0 or 1:
                    var count = with.B % 6 + 1;
                    var messages = Enumerable.Range(0, count).Select(i => StoreMessages.Make($"s{_step}-{i}", flags, 60 + with.C * 20)).ToList();
                    var outcome = await mail.AppendAsync(id, messages, default);
                    Assert.Equal(Enumerable.Range(0, count).Select(i => new Uid(box.UidNext + (uint)i)), outcome.Uids);
                    box.Messages.AddRange(messages.Select(m => new ModelMessage(box.UidNext++, flags.System, Sorted(flags.Keywords), m.Summary.Subject, _step)));
                    break;
                case 2 or 3:
                    var change = new FlagChange(uids, (FlagOperation)(with.A / 4 % 3), flags);
                    await mail.StoreFlagsAsync(id, change, default);
                    box.Messages = [.. box.Messages.Select(m => uids.Contains(new Uid(m.Uid)) ? Changed(m, change) : m)];
                    break;
                case 4:
                    var regardless = with.A % 4 == 3;
                    var (expunged, state) = await mail.ExpungeAsync(id, with.A > 200 ? null : uids, regardless, default);
                    var gone = box.Messages.Where(m => (with.A > 200 || uids.Contains(new Uid(m.Uid))) && (regardless || (m.Flags & MessageFlags.Deleted) != 0)).ToList();
                    Assert.Equal(gone.Select(m => new Uid(m.Uid)), expunged);
                    Remove(box, gone, state.Mailbox.HighestModSeq.Value);
                    break;
                case 5:
                    await TransferAsync(mail, (box, other), uids, move: false);
                    break;
                case 6:
                    await TransferAsync(mail, (box, other), uids, move: true);
                    break;
            }

            if (with.B % 3 == 0)
            {
                box.Snapshots.Add((await mail.StateAsync(id, default), [.. box.Messages]));
            }
        }

        public async Task CheckAsync(IAccountStore mail)
        {
            foreach (var box in _boxes)
            {
                var row = (await mail.FindAsync(box.Name, default))!;
                Assert.Equal(
                    (box.Messages.Count, box.Messages.Count(m => (m.Flags & MessageFlags.Seen) == 0), box.Messages.Count(m => (m.Flags & MessageFlags.Deleted) != 0), box.UidNext),
                    (row.Messages, row.Unseen, row.Deleted, row.UidNext.Value));
                Assert.True(row.HighestModSeq.Value >= box.ModSeq);
                box.ModSeq = row.HighestModSeq.Value;
                var state = await mail.StateAsync(row.Id, default);
                Assert.Equal(box.Messages.Count, state.Count);
                Assert.Equal(box.Messages.Select(m => (m.Uid, m.Flags, m.Keywords)), Enumerable.Range(0, state.Count).Select(i => state[i]).Select(m => Seen(state, m)));
                Assert.Equal(row.Size, state.Range(0, state.Count).Sum(m => (long)m.Size));
                Assert.All(box.Messages.Select((m, i) => (m, i)), x => Assert.Equal(x.i, state.IndexOf(new Uid(x.m.Uid))));
                foreach (var (older, then) in box.Snapshots)
                {
                    Compare(box.Messages, then, state.ChangesSince(older));
                }

                var since = box.Gone.Count == 0 ? 0 : box.Gone[box.Gone.Count / 2].ModSeq;
                var vanished = await mail.VanishedSinceAsync(row.Id, new ModSeq(since), default);
                Assert.All(box.Gone.Where(g => g.ModSeq > since), g => Assert.True(vanished.Contains(new Uid(g.Uid))));
                Assert.All(box.Messages, m => Assert.False(vanished.Contains(new Uid(m.Uid))));
            }

            Assert.Equal(_boxes.Sum(b => (long)b.Messages.Count), (await mail.UsageAsync(default)).Messages);
        }

        public async Task CheckContentsAsync(IAccountStore mail)
        {
            foreach (var box in _boxes)
            {
                var rows = await RowsAsync(mail, await IdAsync(mail, box), [.. box.Messages.Select(m => new Uid(m.Uid))], MessageColumns.Content | MessageColumns.Envelope);
                Assert.Equal(box.Messages.Select(m => (m.Uid, $"(NIL \"{m.Subject}\")")), rows.Select(r => (r.Uid.Value, Encoding.ASCII.GetString(r.Envelope.Span))));
                foreach (var (message, row) in box.Messages.Zip(rows))
                {
                    var text = Encoding.ASCII.GetString(await ReadAllAsync(row.Content!.OpenRead()));
                    Assert.Contains($"\r\nSubject: {message.Subject}\r\n", text);
                    await row.Content.DisposeAsync();
                }
            }
        }

        private async Task TransferAsync(IAccountStore mail, (ModelBox From, ModelBox To) boxes, UidSet uids, bool move)
        {
            var (from, to) = boxes;
            var (source, target) = (await IdAsync(mail, from), await IdAsync(mail, to));
            var outcome = await (move ? mail.MoveAsync(source, uids, target, default) : mail.CopyAsync(source, uids, target, default));
            var taken = from.Messages.Where(m => uids.Contains(new Uid(m.Uid))).ToList();
            Assert.Equal(taken.Select(m => new Uid(m.Uid)), outcome.Sources);
            Assert.Equal(taken.Select((_, i) => new Uid(to.UidNext + (uint)i)), outcome.Targets);
            if (move)
            {
                Remove(from, taken, (await mail.StateAsync(source, default)).Mailbox.HighestModSeq.Value);
            }

            to.Messages.AddRange(taken.Select(m => m with { Uid = to.UidNext++, Touched = _step }));
        }

        private static void Remove(ModelBox box, List<ModelMessage> gone, long modSeq)
        {
            box.Messages = [.. box.Messages.Except(gone)];
            box.Gone.AddRange(gone.Select(m => (m.Uid, modSeq)));
        }

        private static void Compare(List<ModelMessage> now, List<ModelMessage> then, StateChanges changes)
        {
            var before = then.ToDictionary(m => m.Uid);
            Assert.Equal(now.Where(m => !before.ContainsKey(m.Uid)).Select(m => new Uid(m.Uid)), changes.Added);
            Assert.Equal(before.Keys.Except(now.Select(m => m.Uid)).Order().Select(u => new Uid(u)), changes.Expunged);
            Assert.Equal(now.Where(m => before.TryGetValue(m.Uid, out var was) && was.Touched != m.Touched).Select(m => new Uid(m.Uid)), changes.Changed);
        }

        private ModelMessage Changed(ModelMessage message, FlagChange change)
        {
            var words = message.Keywords.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var after = change.Operation switch
            {
                FlagOperation.Add => message with { Flags = message.Flags | change.Flags.System, Keywords = Sorted(words.Union(change.Flags.Keywords)) },
                FlagOperation.Remove => message with { Flags = message.Flags & ~change.Flags.System, Keywords = Sorted(words.Except(change.Flags.Keywords)) },
                _ => message with { Flags = change.Flags.System, Keywords = Sorted(change.Flags.Keywords) },
            };
            return after == message ? message : after with { Touched = _step };
        }

        private static (uint Uid, MessageFlags Flags, string Keywords) Seen(MailboxState state, MessageState message) =>
            (message.Uid.Value, message.Flags, Sorted(state.Keywords.Where((_, i) => (message.Keywords >> i & 1) != 0)));

        private static string Sorted(IEnumerable<string> words) => string.Join(' ', words.Order(StringComparer.Ordinal));

        private static async Task<MailboxId> IdAsync(IAccountStore mail, ModelBox box) => (await mail.FindAsync(box.Name, default))!.Id;
    }
}
