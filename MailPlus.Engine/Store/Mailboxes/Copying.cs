using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>Copies and moves: new message rows over the same bodies.</summary>
internal static class Copying
{
    /// <summary>Copies; the bodies are shared from now on.</summary>
    public static CopyOutcome Copy(AccountEdit edit, MailboxId source, UidSet uids, MailboxId target) => Transfer(edit, source, uids, target, move: false);

    /// <summary>Moves: a copy and an expunge in one transaction, the bodies' references staying as many.</summary>
    public static CopyOutcome Move(AccountEdit edit, MailboxId source, UidSet uids, MailboxId target) => Transfer(edit, source, uids, target, move: true);

    private static CopyOutcome Transfer(AccountEdit edit, MailboxId source, UidSet uids, MailboxId target, bool move)
    {
        var from = edit.Loaded(source);
        var to = edit.Selectable(target);
        var messages = from.State!.In(uids);
        if (messages.Count == 0)
        {
            return new CopyOutcome(to.Row.UidValidity, [], []);
        }

        if ((ulong)to.Row.UidNext.Value + (ulong)messages.Count >= uint.MaxValue)
        {
            throw AccountEdit.Refused(RefusalKind.TooMany, "TooManyMessages");
        }

        var (saved, modSeq) = (edit.Now.Microseconds, edit.NextModSeq());
        var bits = new Dictionary<ulong, ulong>();
        var targets = new Uid[messages.Count];
        var states = new MessageState[messages.Count];
        var effect = default(StateEffect);
        var rows = Sources(edit, source, messages);
        for (var i = 0; i < messages.Count; i++)
        {
            var message = messages[i];
            if (!bits.TryGetValue(message.Keywords, out var keywords))
            {
                (to, keywords) = source == target ? (to, message.Keywords) : Keywords.AddWhatFits(edit, to, Keywords.Names(from.Row, message.Keywords));
                bits.Add(message.Keywords, keywords);
            }

            targets[i] = new Uid(to.Row.UidNext.Value + (uint)i);
            states[i] = message with { Uid = targets[i], Keywords = keywords, ModSeq = modSeq };
            effect.Count(states[i], +1);
            var (body, internalDate) = rows[i];
            Appending.InsertMessage(edit, target, states[i], body, internalDate, saved);
            if (!move)
            {
                edit.Session.Statement("INSERT INTO shared({,}body, refs) VALUES({$}?, 2) ON CONFLICT({,}body) DO UPDATE SET refs=shared.refs+1").Bind(0, body).Execute();
            }
        }

        Appending.Added(edit, to, states, modSeq, effect);
        var sources = messages.Select(m => m.Uid).ToArray();
        Readers.Carry(edit, (source, sources), (target, targets), modSeq);
        if (move)
        {
            // The same MODSEQ in both mailboxes: one change. In one mailbox two rows of the journal need two.
            var gone = UidSet.From(sources);
            Expunging.Remove(edit, edit.Loaded(source), gone, source == target ? edit.NextModSeq() : modSeq);
            Expunging.RemoveMessages(edit, source, gone);
        }

        return new CopyOutcome(to.Row.UidValidity, sources, targets);
    }

    /// <summary>Bodies and internal dates of messages in order: a stretch of UIDs is one scan.</summary>
    private static List<(long Body, long InternalDate)> Sources(AccountEdit edit, MailboxId mailbox, List<MessageState> messages)
    {
        var found = new List<(long, long)>(messages.Count);
        foreach (var (first, last) in UidSet.From(messages.Select(m => m.Uid)).Ranges)
        {
            var rows = edit.Session.Statement("SELECT body, internal_date FROM message WHERE {=}id BETWEEN ? AND ? ORDER BY id")
                .Bind(0, StateStorage.RowId(mailbox, first)).Bind(1, StateStorage.RowId(mailbox, last));
            while (rows.Step())
            {
                found.Add((rows.Long(0), rows.Long(1)));
            }

            rows.Reset();
        }

        return found.Count == messages.Count ? found : throw new InvalidDataException($"{messages.Count - found.Count} rows of messages are missing.");
    }
}
