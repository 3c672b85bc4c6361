using MailPlus.Engine.Imap.Commands;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Sharing;

namespace MailPlus.Engine.Imap.Server;

/// <summary>
/// The selected mailbox as this session's client knows it (mail-rules 8). <see cref="View"/> gives sequence numbers: a message expunged elsewhere stays in it until
/// EXPUNGE may be sent. <see cref="Known"/> is the snapshot whose flags the client has been told; it runs ahead of the view only while expunges wait.
/// </summary>
internal sealed class SelectedMailbox
{
    private readonly List<(uint First, uint Last)> _recent = [];

    /// <summary>Messages of the view that are gone, as the client was last told of them: what it was told of flags since the view was taken stays true for it.</summary>
    private readonly Dictionary<Uid, MessageState> _gone = [];
    private int _keywordsTold;

    public SelectedMailbox(ImapSession session, Place place, MailboxState state, bool isReadOnly, Uid firstRecent)
    {
        Session = session;
        (Store, Rights) = (place.Store, place.Rights);
        View = Known = state;
        IsReadOnly = isReadOnly;
        AddRecent(firstRecent, state);
        _keywordsTold = state.Keywords.Count;
    }

    public ImapSession Session { get; }

    /// <summary>The mail it is in, of the session's account or another.</summary>
    public IAccountStore Store { get; }

    /// <summary>What the session's account may do here, as last looked at.</summary>
    public Rights Rights { get; private set; }

    public MailboxId Id => View.Mailbox.Id;

    /// <summary>It was examined, or no right to change anything is there (RFC 4314 5.2).</summary>
    public bool IsReadOnly { get; }

    /// <summary>Sequence numbers.</summary>
    public MailboxState View { get; private set; }

    /// <summary>Flags.</summary>
    public MailboxState Known { get; private set; }

    /// <summary>Structure of the message a part was last fetched from: clients fetch big parts piece by piece.</summary>
    public (Uid Uid, PartTree Tree)? LastStructure { get; set; }

    /// <summary>ASCII form of the message something was last fetched from (RFC 6858); no form when it needs none.</summary>
    public (Uid Uid, AsciiForm? Form)? LastAsciiForm { get; set; }

    /// <summary>What SEARCH RETURN (SAVE) kept: "$" (RFC 5182). Messages that are gone are passed over wherever it is used.</summary>
    public UidSet Saved { get; set; } = UidSet.Empty;

    /// <summary>Results that are kept up to date (RFC 5267 4.3).</summary>
    public List<SearchContext> Contexts { get; } = [];

    public int RecentCount
    {
        get
        {
            var count = 0;
            foreach (var (first, last) in _recent)
            {
                count += End(View, last) - View.IndexOfFirstAtLeast(new Uid(first));
            }

            return count;
        }
    }

    public bool IsRecent(Uid uid)
    {
        foreach (var (first, last) in _recent)
        {
            if (uid.Value >= first && uid.Value <= last)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The message at a position of the view with the flags the client knows; gone messages keep their last ones.</summary>
    public MessageState Current(MessageState seen)
    {
        if (ReferenceEquals(View, Known))
        {
            return seen;
        }

        var index = Known.IndexOf(seen.Uid);
        return index >= 0 ? Known[index] : _gone.GetValueOrDefault(seen.Uid, seen);
    }

    /// <summary>Positions of the view that a set names, ascending ranges.</summary>
    /// <exception cref="SyntaxException">A sequence number that does not exist, unless <paramref name="lenient"/>.</exception>
    public List<(int Start, int Count)> Resolve(SequenceSet set, bool byUid, bool lenient = false)
    {
        if (set.IsSaved)
        {
            return Positions(Saved.Ranges, byUid: true);
        }

        var count = View.Count;
        if (!byUid && !lenient)
        {
            foreach (var (first, last) in set.Ranges)
            {
                // With "*" in a range any other end is tolerated, for clients ask for 1:* of an empty mailbox.
                if (first != 0 && last != 0 && Math.Max(first, last) > count)
                {
                    throw new SyntaxException("No message has this sequence number");
                }
            }
        }

        return Positions(set.Resolve(byUid ? (count == 0 ? 0 : View[count - 1].Uid.Value) : (uint)count), byUid);
    }

    private List<(int Start, int Count)> Positions(IReadOnlyList<(uint First, uint Last)> ranges, bool byUid)
    {
        var count = View.Count;
        var found = new List<(int Start, int Count)>();
        foreach (var (first, last) in ranges)
        {
            var start = byUid ? View.IndexOfFirstAtLeast(new Uid(first)) : (int)Math.Min(first - 1, (uint)count);
            var end = byUid ? End(View, last) : (int)Math.Min(last, (uint)count);
            if (end > start)
            {
                found.Add((start, end - start));
            }
        }

        return found;
    }

    /// <summary>UIDs of positions.</summary>
    public UidSet UidsOf(IEnumerable<(int Start, int Count)> positions) =>
        UidSet.FromRanges(positions.Select(p => (View[p.Start].Uid.Value, View[p.Start + p.Count - 1].Uid.Value)));

    /// <summary>Looks at the store and tells the client what is new.</summary>
    public async ValueTask TellAsync(ImapSession session, NewsKind kind, CancellationToken cancellationToken) =>
        await TellAsync(session, await LookAtRightsAsync(cancellationToken), new News(kind), cancellationToken);

    /// <summary>Refuses when one of these rights is not there.</summary>
    /// <exception cref="RefusedException">NotAllowed.</exception>
    public void Require(Rights rights)
    {
        if ((Rights & rights) != rights)
        {
            throw new RefusedException(new Refusal(RefusalKind.NotAllowed, "MailboxRightMissing"));
        }
    }

    /// <summary>The present snapshot. Rights may have been taken away since the mailbox was selected: whoever may no longer read it hears no more of it.</summary>
    public async ValueTask<MailboxState> LookAtRightsAsync(CancellationToken cancellationToken)
    {
        try
        {
            var now = await Store.StateAsync(Id, cancellationToken);
            Rights = Acl.RightsOf(now.Mailbox, Store.Account, Session.Places.Reader);
            return (Rights & Rights.Read) != 0 ? now : throw new MailboxLostException();
        }
        catch (RefusedException refused) when (refused.Refusal.Kind == RefusalKind.NotFound)
        {
            throw new MailboxLostException();
        }
    }

    /// <summary>Tells the client what a snapshot has that it does not know.</summary>
    public async ValueTask TellAsync(ImapSession session, MailboxState now, News news, CancellationToken cancellationToken)
    {
        if (now.Mailbox.UidValidity != View.Mailbox.UidValidity)
        {
            throw new MailboxLostException();
        }

        if (now.Version < Known.Version)
        {
            now = Known; // a snapshot taken before another that we have seen
        }

        if (ReferenceEquals(now, Known) && ReferenceEquals(View, Known) && news.Always is null)
        {
            return;
        }

        if (now.Mailbox.UrlKeyResets != Known.Mailbox.UrlKeyResets)
        {
            session.Untagged("OK [URLMECH INTERNAL] URLs of this mailbox are to be signed anew"); // RFC 4467 7
        }

        if (news.IsAllExpected && ReferenceEquals(View, Known) && Contexts.Count == 0)
        {
            View = Known = now;
            TellKeywords(session);
            return;
        }

        var flags = now.ChangesSince(Known);
        var numbers = ReferenceEquals(View, Known) ? flags : now.ChangesSince(View);
        foreach (var uid in flags.Expunged)
        {
            _gone[uid] = Known[Known.IndexOf(uid)];
        }

        // A change of which nothing is seen here, such as another reader's \Seen, is news only to who keeps MODSEQs.
        var changed = session.IsCondStore ? flags.Changed : [.. flags.Changed.Where(uid => IsChanged(Known, now, uid))];
        Known = now;
        IReadOnlyList<Uid> added = [];
        if (numbers.Expunged.Count == 0 || news.Kind == NewsKind.All)
        {
            Contexts.ForEach(c => c.TellExpunged(session.Output, View, numbers.Expunged));
            await TellExpungedAsync(session, numbers.Expunged, cancellationToken);
            added = numbers.Added;
            View = now;
            _gone.Clear();
            if (numbers.Added.Count > 0)
            {
                await TellAddedAsync(session, numbers.Added, cancellationToken);
                if (session.Watch is { NewItems.Count: > 0 } watch)
                {
                    await FetchCommand.TellAsync(session, watch.NewItems, Positions(watch.Foreign((Store.Account, Id), numbers.Added).Ranges, byUid: true), cancellationToken);
                }
            }
        }

        TellKeywords(session);
        await TellFlagsAsync(session, session.Watch is { WantsFlags: false } ? [] : changed, news, cancellationToken);
        if (Contexts.Count > 0)
        {
            await TellContextsAsync(session, [.. flags.Changed.Concat(added).Distinct().Order()], cancellationToken);
        }
    }

    /// <summary>Messages that are new in the view or changed enter or leave results; one that grows too large is given up.</summary>
    private async ValueTask TellContextsAsync(ImapSession session, IReadOnlyList<Uid> changed, CancellationToken cancellationToken)
    {
        foreach (var context in Contexts)
        {
            await context.TellChangedAsync(session, this, changed, cancellationToken);
            if (context.Count > session.With.MaxUpdatedMessages)
            {
                session.Untagged($"NO [NOUPDATE \"{context.Tag}\"] Too much to keep up to date");
            }
        }

        Contexts.RemoveAll(c => c.Count > session.With.MaxUpdatedMessages);
    }

    /// <summary>The head of a FETCH response, or of UIDFETCH (RFC 9586 3.3).</summary>
    public static void BeginFetch(ImapSession session, int number, Uid uid)
    {
        session.Output.Write("* "u8);
        session.Output.Write(session.Modes.UidOnly ? uid.Value : number);
        session.Output.Write(session.Modes.UidOnly ? " UIDFETCH ("u8 : " FETCH ("u8);
    }

    /// <summary>UID, FLAGS and MODSEQ of a message, as QRESYNC tells them.</summary>
    public void WriteFlagsOf(ImapSession session, int number, in MessageState message)
    {
        BeginFetch(session, number, message.Uid);
        if (!session.Modes.UidOnly)
        {
            session.Output.Write("UID "u8);
            session.Output.Write(message.Uid.Value);
            session.Output.Write((byte)' ');
        }

        WriteFlagItems(session, message, withFlags: true);
    }

    /// <summary>Flags of one message as a parenthesised list.</summary>
    public void WriteFlags(ResponseWriter output, in MessageState message)
    {
        output.Write((byte)'(');
        var any = false;
        FlagNames.Write(output, message.Flags, message.Keywords, Known.Keywords, ref any);
        if (!Session.Modes.Rev2 && IsRecent(message.Uid))
        {
            output.Write(any ? " \\Recent"u8 : "\\Recent"u8);
        }

        output.Write((byte)')');
    }

    /// <summary>FLAGS and PERMANENTFLAGS.</summary>
    public void WriteFlagLists(ResponseWriter output)
    {
        output.Write("* FLAGS ("u8);
        FlagNames.WriteAll(output, Known.Keywords);
        output.Write(")\r\n* OK [PERMANENTFLAGS ("u8);
        if (!IsReadOnly)
        {
            FlagNames.WriteAll(output, Known.Keywords, Rights);
        }

        output.Write(IsReadOnly ? ")] No flags can be changed\r\n"u8 : ")] Flags permitted\r\n"u8);
    }

    private static int End(MailboxState state, uint last) => last == uint.MaxValue ? state.Count : state.IndexOfFirstAtLeast(new Uid(last + 1));

    private async ValueTask TellExpungedAsync(ImapSession session, IReadOnlyList<Uid> expunged, CancellationToken cancellationToken)
    {
        if (session.Modes.SaysVanished && expunged.Count > 0)
        {
            session.Output.Write("* VANISHED "u8);
            session.Output.Set(UidSet.From(expunged));
            session.Output.Line();
            return;
        }

        // From the end, so that numbers still to be said stay right.
        for (var i = expunged.Count - 1; i >= 0; i--)
        {
            session.Output.Write("* "u8);
            session.Output.Write(View.IndexOf(expunged[i]) + 1L);
            session.Output.Write(" EXPUNGE\r\n"u8);
            await session.Output.FlushIfFullAsync(cancellationToken);
        }
    }

    private async ValueTask TellAddedAsync(ImapSession session, IReadOnlyList<Uid> added, CancellationToken cancellationToken)
    {
        session.Output.Write("* "u8);
        session.Output.Write(View.Count);
        session.Output.Write(" EXISTS\r\n"u8);
        if (added[^1] >= View.Mailbox.FirstRecent)
        {
            AddRecent(IsReadOnly ? View.Mailbox.FirstRecent : await Store.ClaimRecentAsync(Id, cancellationToken), View);
        }

        if (!session.Modes.Rev2)
        {
            session.Output.Write("* "u8);
            session.Output.Write(RecentCount);
            session.Output.Write(" RECENT\r\n"u8);
        }
    }

    private void TellKeywords(ImapSession session)
    {
        if (Known.Keywords.Count != _keywordsTold)
        {
            _keywordsTold = Known.Keywords.Count;
            WriteFlagLists(session.Output);
        }
    }

    private async ValueTask TellFlagsAsync(ImapSession session, IReadOnlyList<Uid> changed, News news, CancellationToken cancellationToken)
    {
        foreach (var uid in Merge(news.Always, changed))
        {
            var index = View.IndexOf(uid);
            var at = Known.IndexOf(uid);
            if (index < 0 || at < 0)
            {
                continue;
            }

            var message = Known[at];
            var isExpected = news.Expected is { } expected && expected(message);
            if (isExpected && !session.IsCondStore)
            {
                continue;
            }

            var output = session.Output;
            BeginFetch(session, index + 1, uid);
            if ((news.WithUid || session.Modes.QResync || session.Watch is not null) && !session.Modes.UidOnly)
            {
                output.Write("UID "u8);
                output.Write(uid.Value);
                output.Write((byte)' ');
            }

            WriteFlagItems(session, message, withFlags: !isExpected);
            await output.FlushIfFullAsync(cancellationToken);
        }
    }

    private void WriteFlagItems(ImapSession session, in MessageState message, bool withFlags)
    {
        var output = session.Output;
        if (withFlags)
        {
            output.Write("FLAGS "u8);
            WriteFlags(output, message);
            output.Write(session.IsCondStore ? " "u8 : default);
        }

        if (session.IsCondStore)
        {
            output.Write("MODSEQ ("u8);
            output.Write(message.ModSeq.Value);
            output.Write((byte)')');
        }

        output.Write(")\r\n"u8);
    }

    private static bool IsChanged(MailboxState before, MailboxState now, Uid uid)
    {
        var (was, present) = (before[before.IndexOf(uid)], now[now.IndexOf(uid)]);
        return was.Flags != present.Flags || was.Keywords != present.Keywords;
    }

    private static IEnumerable<Uid> Merge(UidSet? always, IReadOnlyList<Uid> changed) =>
        always is null ? changed : changed.Count == 0 ? always : always.Concat(changed.Where(u => !always.Contains(u))).Order();

    private void AddRecent(Uid from, MailboxState state)
    {
        if (state.Count == 0 || state[state.Count - 1].Uid < from)
        {
            return;
        }

        var last = state[state.Count - 1].Uid.Value;
        if (_recent.Count > 0 && from.Value <= (ulong)_recent[^1].Last + 1)
        {
            _recent[^1] = (_recent[^1].First, Math.Max(last, _recent[^1].Last));
        }
        else
        {
            _recent.Add((from.Value, last));
        }
    }
}

/// <summary>What to tell and how.</summary>
/// <param name="Kind">Whether sequence numbers may change.</param>
internal readonly record struct News(NewsKind Kind)
{
    /// <summary>UIDs whose flags are told even when they did not change (STORE).</summary>
    public UidSet? Always { get; init; }

    /// <summary>True for a message whose flags the client can work out by itself (.SILENT): at most its MODSEQ is told.</summary>
    public Func<MessageState, bool>? Expected { get; init; }

    /// <summary>Nothing but flags differs from what the client knows, and all of it the client can work out by itself.</summary>
    public bool IsAllExpected { get; init; }

    /// <summary>UID stands in each FETCH (UID STORE).</summary>
    public bool WithUid { get; init; }
}
