using System.Threading.Channels;
using MailPlus.Engine.Imap.Commands;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Sharing;

namespace MailPlus.Engine.Imap.Server;

/// <summary>
/// What a session told its client to be told of (RFC 5465). The change feed only wakes it; what changed is found by comparing two pictures of the account, so that
/// a client that does not read costs nothing more. Only names of changed annotations are collected, and too many of them end the watch.
/// </summary>
internal sealed class NotifyWatch : IDisposable
{
    private readonly NotifyArguments _plan;
    private readonly AccountId _account;
    private readonly int _most;
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Lock _gate = new();
    private readonly List<(AccountId Owner, MailboxId? Mailbox, string Entry)> _entries = [];
    private readonly List<IDisposable> _subscriptions = [];
    private readonly HashSet<string> _ownNames = new(StringComparer.Ordinal);
    private readonly HashSet<((AccountId Owner, MailboxId Id) Mailbox, Uid Uid)> _ownMessages = [];
    private readonly NotifyOthers _others;
    private NotifyPicture _picture = new([], [], []);
    private bool _watchesOthers;
    private bool _overflowed;
    private IDisposable? _selectedSubscription;
    private Task? _woken;

    private NotifyWatch(ImapSession session, NotifyArguments plan)
    {
        _plan = plan;
        _account = session.Store.Account;
        _most = session.With.MaxPendingNotices;
        _others = new NotifyOthers(session.With.Store.Changes, OnChange, () => _wake.Writer.TryWrite(true));
        if (plan.Groups.Any(g => g.Events != NotifyEvents.None))
        {
            _subscriptions.Add(session.With.Store.Changes.Subscribe(_account, OnChange));
        }

        if (plan.Groups.Any(g => (g.Events & NotifyEvents.ServerMetadataChange) != 0))
        {
            _subscriptions.Add(session.With.Settings.OnChange((before, now) =>
            {
                Add(before.Imap.ServerComment == now.Imap.ServerComment ? null : MetadataResponse.ServerComment, _account, mailbox: null);
                Add(before.Imap.ServerAdmin == now.Imap.ServerAdmin ? null : MetadataResponse.ServerAdmin, _account, mailbox: null);
            }));
        }
    }

    /// <summary>Changes of the selected mailbox are wanted.</summary>
    public bool WantsSelected => _plan.Selected is { Events: not NotifyEvents.None };

    /// <summary>Changes of flags in it are.</summary>
    public bool WantsFlags => _plan.Selected is { } selected && (selected.Events & NotifyEvents.FlagChange) != 0;

    /// <summary>What may be told while no command runs.</summary>
    public NewsKind Between => _plan.Selected?.Filter.Kind == MailboxFilterKind.SelectedDelayed ? NewsKind.KeepNumbers : NewsKind.All;

    /// <summary>What is told of a new message in it.</summary>
    public IReadOnlyList<FetchItem> NewItems => _plan.Selected?.NewItems ?? [];

    /// <summary>Begins to watch; what is so at this moment counts as known.</summary>
    public static async ValueTask<NotifyWatch> StartAsync(ImapSession session, NotifyArguments plan, CancellationToken cancellationToken)
    {
        var watch = new NotifyWatch(session, plan);
        try
        {
            watch._picture = await watch.LookAsync(session, cancellationToken);
            return watch;
        }
        catch
        {
            watch.Dispose();
            throw;
        }
    }

    /// <summary>Hears of the selected mailbox where it is in another account's mail; what is in one's own is heard anyway.</summary>
    public void Hear(ChangeFeed changes, SelectedMailbox? selected)
    {
        _selectedSubscription?.Dispose();
        _selectedSubscription = null;
        if (WantsSelected && selected is not null && selected.Store.Account != _account)
        {
            var mailbox = selected.Id;
            _selectedSubscription = changes.Subscribe(selected.Store.Account, change =>
            {
                // A change of the list may be one of rights.
                if ((change.Mailbox is null || change.Mailbox == mailbox) && (change.OnlyFor is not { } only || only == _account))
                {
                    _wake.Writer.TryWrite(true);
                }
            });
            _wake.Writer.TryWrite(true); // what came since it was selected
        }
    }

    /// <summary>Completes when there may be something to tell, until <see cref="Reset"/>.</summary>
    public Task WokenAsync(CancellationToken cancellationToken) => _woken ??= _wake.Reader.ReadAsync(cancellationToken).AsTask();

    /// <summary>From here on only new changes wake.</summary>
    public void Reset() => _woken = null;

    /// <summary>Messages that this connection made itself are not fetched for it (RFC 5465 5.2).</summary>
    public void NoteOwn(Place place, IEnumerable<Uid> uids)
    {
        if (NewItems.Count > 0)
        {
            _ownMessages.UnionWith(uids.Select(u => (NotifyPicture.KeyOf(place), u)));
        }
    }

    /// <summary>Names this connection made, removed or (un)subscribed itself are not told to it (RFC 5465 5).</summary>
    public void NoteOwn(string name) => _ownNames.Add(name);

    /// <summary>Neither are annotations that it set; null stands for the account.</summary>
    public void NoteOwn(Place? place, IReadOnlyList<Annotation> changes)
    {
        lock (_gate)
        {
            _entries.RemoveAll(e => e.Mailbox == place?.Id && e.Owner == (place?.Store.Account ?? _account) && changes.Any(c => c.Entry.Equals(e.Entry, StringComparison.OrdinalIgnoreCase)));
        }
    }

    /// <summary>Of messages that are new in the selected mailbox, those others made.</summary>
    public UidSet Foreign((AccountId Owner, MailboxId Id) mailbox, IReadOnlyList<Uid> added)
    {
        var foreign = UidSet.From(added.Where(u => !_ownMessages.Contains((mailbox, u))));
        _ownMessages.Clear();
        return foreign;
    }

    /// <summary>STATUS of every mailbox whose messages are watched (RFC 5465 3.1).</summary>
    public async ValueTask WriteStatusAsync(ImapSession session, CancellationToken cancellationToken)
    {
        foreach (var place in _picture.Places.Where(p => MayCount(session, p)))
        {
            var events = Of(place, _picture);
            if ((events & NotifyEvents.OfMessages) != 0)
            {
                WriteStatus(session.Output, place, counts: true, unseen: false, modSeq: session.IsCondStore || (events & NotifyEvents.FlagChange) != 0);
                await session.Output.FlushIfFullAsync(cancellationToken);
            }
        }
    }

    /// <summary>Tells what changed outside of the selected mailbox; false when there was more than can be told and the watch is over.</summary>
    public async ValueTask<bool> TellAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var watchedOthers = _watchesOthers;
        var picture = await LookAsync(session, cancellationToken);
        if (_watchesOthers && !watchedOthers)
        {
            // A subscription just named another's mailbox: what is so now counts as known.
            _picture = _picture with { Others = picture.Others, Places = [.. _picture.Places, .. picture.Others] };
        }

        List<(AccountId Owner, MailboxId? Mailbox, string Entry)> entries;
        lock (_gate)
        {
            if (_overflowed)
            {
                return false;
            }

            entries = [.. _entries];
            _entries.Clear();
        }

        if (_plan.Groups.Count > 0 && !ReferenceEquals(picture, _picture))
        {
            new NotifyNames(_plan, _picture, picture, _ownNames).Write(session.Output);
            await TellCountsAsync(session, picture, cancellationToken);
        }

        _picture = picture;
        _ownNames.Clear();
        TellEntries(session.Output, entries);
        return true;
    }

    public void Dispose()
    {
        _subscriptions.ForEach(s => s.Dispose());
        _selectedSubscription?.Dispose();
        _others.Dispose();
    }

    /// <summary>The picture as of now; the last one where nothing changed.</summary>
    private async ValueTask<NotifyPicture> LookAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var own = await session.Store.ListAsync(cancellationToken);
        var subscribed = await session.Store.SubscriptionsAsync(cancellationToken);
        _watchesOthers = _plan.Groups.Any(NamesOthers);
        var others = await _others.LookAsync(session.Places, _watchesOthers, cancellationToken);
        return ReferenceEquals(own, _picture.Own) && ReferenceEquals(others, _picture.Others) && ReferenceEquals(subscribed, _picture.Subscribed) ? _picture
            : new NotifyPicture(own, others, subscribed) { Places = [.. own.Select(mailbox => session.Places.Of(session.Store, mailbox)), .. others] };

        bool NamesOthers(NotifyGroup group) =>
            group.Events != NotifyEvents.None && (group.Filter.Kind == MailboxFilterKind.Subscribed ? subscribed : group.Filter.Names).Any(Places.IsOthers);
    }

    /// <summary>What is wanted of a mailbox that is not selected.</summary>
    private NotifyEvents Of(Place place, NotifyPicture picture) =>
        _plan.Of(place.Name, place.IsOwn ? place.Mailbox.Subscribed : picture.Subscribed.Contains(place.Name), place.IsOwn);

    /// <summary>Whether STATUS may be told of a mailbox: not of the selected one, and not where the rights would not let it be asked (RFC 4314 4).</summary>
    private static bool MayCount(ImapSession session, Place place) => place.Mailbox.Selectable && place.Has(Rights.Read)
        && !(session.Selected is { } selected && selected.Id == place.Id && selected.Store.Account == place.Store.Account);

    private void OnChange(StoreChange change)
    {
        if (change.OnlyFor is { } only && only != _account)
        {
            return; // somebody's own marks and annotations
        }

        // What another account notes of itself is nobody else's.
        if (change.Entry is not null && (change.Mailbox is not null || change.Account == _account))
        {
            var wanted = change.Mailbox is null ? NotifyEvents.ServerMetadataChange : NotifyEvents.MailboxMetadataChange;
            Add(_plan.Groups.Any(g => (g.Events & wanted) != 0) ? change.Entry : null, change.Account, change.Mailbox);
        }

        _wake.Writer.TryWrite(true);
    }

    private void Add(string? entry, AccountId owner, MailboxId? mailbox)
    {
        if (entry is null)
        {
            return;
        }

        lock (_gate)
        {
            if (!_entries.Contains((owner, mailbox, entry)))
            {
                _overflowed |= _entries.Count >= _most;
                if (_overflowed)
                {
                    _entries.Clear();
                }
                else
                {
                    _entries.Add((owner, mailbox, entry));
                }
            }
        }

        _wake.Writer.TryWrite(true);
    }

    private async ValueTask TellCountsAsync(ImapSession session, NotifyPicture picture, CancellationToken cancellationToken)
    {
        var before = _picture.ByKey();
        foreach (var place in picture.Places)
        {
            var mailbox = place.Mailbox;
            var old = before.GetValueOrDefault(NotifyPicture.KeyOf(place)) is { } was && was.Has(Rights.Read) ? was.Mailbox : null;
            if (ReferenceEquals(mailbox, old) || !MayCount(session, place) || (Of(place, picture) & NotifyEvents.OfMessages) is var events && events == 0)
            {
                continue;
            }

            var wantsFlags = (events & NotifyEvents.FlagChange) != 0;
            var counts = mailbox.Messages != (old?.Messages ?? 0) || mailbox.UidNext != (old?.UidNext ?? new Uid(1));
            var unseen = wantsFlags && mailbox.Unseen != (old?.Unseen ?? 0);
            var modSeq = session.IsCondStore && (counts || (wantsFlags && mailbox.HighestModSeq != (old?.HighestModSeq ?? mailbox.HighestModSeq)));
            if (counts || unseen || modSeq)
            {
                WriteStatus(session.Output, place, counts, unseen, modSeq);
                await session.Output.FlushIfFullAsync(cancellationToken);
            }
        }
    }

    private void TellEntries(ResponseWriter output, List<(AccountId Owner, MailboxId? Mailbox, string Entry)> entries)
    {
        foreach (var group in entries.GroupBy(e => (e.Owner, e.Mailbox)))
        {
            var place = group.Key.Mailbox is { } id ? _picture.Places.FirstOrDefault(p => NotifyPicture.KeyOf(p) == (group.Key.Owner, id)) : null;
            if (group.Key.Mailbox is null || (place is not null && MetadataResponse.MaySee(place) && (Of(place, _picture) & NotifyEvents.MailboxMetadataChange) != 0))
            {
                MetadataResponse.WriteChanged(output, place?.Name ?? "", group.Select(e => e.Entry));
            }
        }
    }

    private static void WriteStatus(ResponseWriter output, Place place, bool counts, bool unseen, bool modSeq)
    {
        var mailbox = place.Mailbox;
        output.Write("* STATUS "u8);
        output.Mailbox(place.Name);
        output.Write(" ("u8);
        if (counts)
        {
            Write(output, "MESSAGES "u8, mailbox.Messages);
            Write(output, "UIDNEXT "u8, mailbox.UidNext.Value);
        }

        if (unseen)
        {
            Write(output, "UNSEEN "u8, mailbox.Unseen);
        }

        if (modSeq)
        {
            Write(output, "HIGHESTMODSEQ "u8, Math.Max(1, mailbox.HighestModSeq.Value));
        }

        output.Write("UIDVALIDITY "u8);
        output.Write(mailbox.UidValidity);
        output.Write(")\r\n"u8);
    }

    private static void Write(ResponseWriter output, ReadOnlySpan<byte> label, long number)
    {
        output.Write(label);
        output.Write(number);
        output.Write((byte)' ');
    }
}
