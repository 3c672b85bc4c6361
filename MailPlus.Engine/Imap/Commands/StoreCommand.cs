using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>STORE arguments (RFC 3501 6.4.6, RFC 7162 3.1.3).</summary>
internal sealed record StoreArguments(SequenceSet Set, FlagOperation Operation, FlagSet Flags)
{
    public bool IsSilent { get; init; }

    public long? UnchangedSince { get; init; }

    public static StoreArguments Parse(CommandText command)
    {
        var reader = command.Read();
        reader.Space();
        var set = reader.Sequence();
        reader.Space();
        long? unchangedSince = null;
        if (reader.TryTake((byte)'('))
        {
            if (!reader.TryWord("UNCHANGEDSINCE"u8))
            {
                throw new SyntaxException("Unknown STORE modifier");
            }

            reader.Space();
            unchangedSince = reader.LongNumber();
            reader.Take((byte)')');
            reader.Space();
        }

        var word = reader.Word();
        var (operation, isSilent) = word switch
        {
            "FLAGS" => (FlagOperation.Replace, false),
            "FLAGS.SILENT" => (FlagOperation.Replace, true),
            "+FLAGS" => (FlagOperation.Add, false),
            "+FLAGS.SILENT" => (FlagOperation.Add, true),
            "-FLAGS" => (FlagOperation.Remove, false),
            "-FLAGS.SILENT" => (FlagOperation.Remove, true),
            _ => throw new SyntaxException("Expected FLAGS, +FLAGS or -FLAGS"),
        };
        reader.Space();
        var names = reader.Peek() == '(' ? reader.FlagList() : ReadBareFlags(ref reader);
        reader.End();
        return new StoreArguments(set, operation, FlagNames.Read(names)) { IsSilent = isSilent, UnchangedSince = unchangedSince };
    }

    private static List<string> ReadBareFlags(ref ArgumentReader reader)
    {
        var names = new List<string>();
        do
        {
            names.Add(reader.Flag());
        }
        while (names.Count < 256 && reader.TryTake((byte)' '));
        return names;
    }
}

/// <summary>STORE and UID STORE.</summary>
internal sealed class StoreCommand(bool byUid) : ImapCommand(byUid ? "UID STORE" : "STORE", SessionStates.Selected, byUid ? NewsKind.All : NewsKind.KeepNumbers)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var selected = session.Selected!;
        var arguments = StoreArguments.Parse(command);
        var positions = selected.Resolve(arguments.Set, byUid);
        if (selected.IsReadOnly)
        {
            return Completion.No("Mailbox is read-only", "READ-ONLY");
        }

        session.IsCondStore |= arguments.UnchangedSince is not null;
        if (positions.Count == 0)
        {
            return Completion.Ok("No matching messages");
        }

        var lowest = MessageLimits.Keep(session, positions);
        var uids = selected.UidsOf(positions);
        var before = selected.Known;
        var since = arguments.UnchangedSince is { } number ? new ModSeq(number) : (ModSeq?)null;
        var outcome = await ChangeAsync(selected, new FlagChange(uids, arguments.Operation, arguments.Flags, since), cancellationToken);
        var keywords = FlagNames.KeywordBits(outcome.State.Keywords, arguments.Flags);
        var news = new News(NewsKind.KeepNumbers)
        {
            Always = arguments.IsSilent ? null : Without(uids, outcome.Modified),
            Expected = arguments.IsSilent ? now => uids.Contains(now.Uid) && IsExpected(before, now, arguments, keywords) : null,
            IsAllExpected = arguments.IsSilent && !session.IsCondStore && ReferenceEquals(outcome.Before, before),
            WithUid = byUid,
        };
        await selected.TellAsync(session, outcome.State, news, cancellationToken);
        if (outcome.Modified.IsEmpty)
        {
            return Completion.Ok("Store completed", MessageLimits.Code(session, lowest));
        }

        if (MessageLimits.Code(session, lowest) is { } limited)
        {
            session.Untagged($"OK [{limited}] Older messages were left alone"); // the tagged answer has room for one code
        }

        var failed = byUid ? outcome.Modified : Numbers(selected, outcome.Modified);
        return Completion.Ok("Conditional store failed for some", $"MODIFIED {failed}");
    }

    /// <summary>Changes those flags that the rights allow; refused only when there are none of them (RFC 4314 4).</summary>
    private static async Task<FlagOutcome> ChangeAsync(SelectedMailbox selected, FlagChange change, CancellationToken cancellationToken)
    {
        const Rights OfFlags = Rights.Seen | Rights.Write | Rights.Delete;
        if ((selected.Rights & OfFlags) == OfFlags)
        {
            return await selected.Store.StoreFlagsAsync(selected.Id, change, cancellationToken);
        }

        var allowed = FlagNames.Allowed(change.Flags, selected.Rights);
        var isReplaced = change.Operation == FlagOperation.Replace;
        if (isReplaced ? (selected.Rights & OfFlags) == 0 : allowed is { System: MessageFlags.None, Keywords.Count: 0 })
        {
            selected.Require(OfFlags);
        }

        var outcome = await selected.Store.StoreFlagsAsync(selected.Id, change with { Operation = isReplaced ? FlagOperation.Add : change.Operation, Flags = allowed }, cancellationToken);
        if (!isReplaced)
        {
            return outcome;
        }

        // What may not be changed stays, so the rest is taken away one by one.
        var keywords = (selected.Rights & Rights.Write) == 0 ? [] : outcome.State.Keywords.Except(allowed.Keywords, StringComparer.OrdinalIgnoreCase);
        var others = new FlagSet(FlagNames.Allowed(selected.Rights) & ~allowed.System, [.. keywords]);
        var rest = new FlagChange(Without(change.Uids, outcome.Modified), FlagOperation.Remove, others);
        return outcome with { State = (await selected.Store.StoreFlagsAsync(selected.Id, rest, cancellationToken)).State, Before = null };
    }

    private static UidSet Without(UidSet uids, UidSet modified) => modified.IsEmpty ? uids : UidSet.From(uids.Where(u => !modified.Contains(u)));

    private static UidSet Numbers(SelectedMailbox selected, UidSet uids) =>
        UidSet.From(uids.Select(u => selected.View.IndexOf(u)).Where(i => i >= 0).Select(i => new Uid((uint)i + 1)));

    /// <summary>Whether the flags are what the client works out from what it knew: then .SILENT says nothing, else somebody changed more.</summary>
    private static bool IsExpected(MailboxState before, MessageState now, StoreArguments change, ulong keywords)
    {
        var at = before.IndexOf(now.Uid);
        if (at < 0)
        {
            return false;
        }

        var was = before[at];
        var (flags, bits) = change.Operation switch
        {
            FlagOperation.Add => (was.Flags | change.Flags.System, was.Keywords | keywords),
            FlagOperation.Remove => (was.Flags & ~change.Flags.System, was.Keywords & ~keywords),
            _ => (change.Flags.System | (was.Flags & MessageFlags.Utf8Headers), keywords),
        };
        return now.Flags == flags && now.Keywords == bits;
    }
}
