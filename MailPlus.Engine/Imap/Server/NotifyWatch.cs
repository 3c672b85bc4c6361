using System.Threading.Channels;
using MailPlus.Engine.Imap.Commands;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store;
using MailPlus.Engine.Store.Contract;

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
    private readonly List<(MailboxId? Mailbox, string Entry)> _entries = [];
    private readonly List<IDisposable> _subscriptions = [];
    private readonly HashSet<string> _ownNames = new(StringComparer.Ordinal);
    private readonly HashSet<(MailboxId Mailbox, Uid Uid)> _ownMessages = [];
    private IReadOnlyList<Mailbox> _mailboxes = [];
    private IReadOnlyList<string> _subscribed = [];
    private bool _overflowed;
    private IDisposable? _selectedSubscription;
    private Task? _woken;

    private NotifyWatch(ImapSession session, NotifyArguments plan)
    {
        _plan = plan;
        _account = session.Store.Account;
        _most = session.With.MaxPendingNotices;
        if (plan.Groups.Any(g => g.Events != NotifyEvents.None))
        {
            _subscriptions.Add(session.With.Store.Changes.Subscribe(_account, OnChange));
        }

        if (plan.Groups.Any(g => (g.Events & NotifyEvents.ServerMetadataChange) != 0))
        {
            _subscriptions.Add(session.With.Settings.OnChange((before, now) =>
            {
                Add(before.Imap.ServerComment == now.Imap.ServerComment ? null : MetadataResponse.ServerComment);
                Add(before.Imap.ServerAdmin == now.Imap.ServerAdmin ? null : MetadataResponse.ServerAdmin);
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
        watch._mailboxes = await session.Store.ListAsync(cancellationToken);
        watch._subscribed = await session.Store.SubscriptionsAsync(cancellationToken);
        return watch;
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
    public void NoteOwn(MailboxId mailbox, IEnumerable<Uid> uids)
    {
        if (NewItems.Count > 0)
        {
            _ownMessages.UnionWith(uids.Select(u => (mailbox, u)));
        }
    }

    /// <summary>Names this connection made, removed or (un)subscribed itself are not told to it (RFC 5465 5).</summary>
    public void NoteOwn(string name) => _ownNames.Add(name);

    /// <summary>Neither are annotations that it set.</summary>
    public void NoteOwn(MailboxId? mailbox, IReadOnlyList<Annotation> changes)
    {
        lock (_gate)
        {
            _entries.RemoveAll(e => e.Mailbox == mailbox && changes.Any(c => c.Entry.Equals(e.Entry, StringComparison.OrdinalIgnoreCase)));
        }
    }

    /// <summary>Of messages that are new in the selected mailbox, those others made.</summary>
    public UidSet Foreign(MailboxId mailbox, IReadOnlyList<Uid> added)
    {
        var foreign = UidSet.From(added.Where(u => !_ownMessages.Contains((mailbox, u))));
        _ownMessages.Clear();
        return foreign;
    }

    /// <summary>STATUS of every mailbox whose messages are watched (RFC 5465 3.1).</summary>
    public async ValueTask WriteStatusAsync(ImapSession session, CancellationToken cancellationToken)
    {
        foreach (var mailbox in _mailboxes.Where(m => m.Selectable && m.Id != session.SelectedOwn?.Id))
        {
            var events = _plan.Of(mailbox.Name, mailbox.Subscribed);
            if ((events & NotifyEvents.OfMessages) != 0)
            {
                WriteStatus(session.Output, mailbox, counts: true, unseen: false, modSeq: session.IsCondStore || (events & NotifyEvents.FlagChange) != 0);
                await session.Output.FlushIfFullAsync(cancellationToken);
            }
        }
    }

    /// <summary>Tells what changed outside of the selected mailbox; false when there was more than can be told and the watch is over.</summary>
    public async ValueTask<bool> TellAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var mailboxes = await session.Store.ListAsync(cancellationToken);
        var subscribed = await session.Store.SubscriptionsAsync(cancellationToken);
        List<(MailboxId? Mailbox, string Entry)> entries;
        lock (_gate)
        {
            if (_overflowed)
            {
                return false;
            }

            entries = [.. _entries];
            _entries.Clear();
        }

        if (_plan.Groups.Count > 0 && !(ReferenceEquals(mailboxes, _mailboxes) && ReferenceEquals(subscribed, _subscribed)))
        {
            var names = new NotifyNames(_plan, (_mailboxes, _subscribed), (mailboxes, subscribed), _ownNames);
            names.Write(session.Output, session.Places);
            await TellCountsAsync(session, mailboxes, cancellationToken);
        }

        (_mailboxes, _subscribed) = (mailboxes, subscribed);
        _ownNames.Clear();
        TellEntries(session.Output, entries);
        return true;
    }

    public void Dispose()
    {
        _subscriptions.ForEach(s => s.Dispose());
        _selectedSubscription?.Dispose();
    }

    private void OnChange(StoreChange change)
    {
        if (change.Entry is not null && (change.OnlyFor is not { } only || only == _account))
        {
            var wanted = change.Mailbox is null ? NotifyEvents.ServerMetadataChange : NotifyEvents.MailboxMetadataChange;
            Add(_plan.Groups.Any(g => (g.Events & wanted) != 0) ? change.Entry : null, change.Mailbox);
        }

        _wake.Writer.TryWrite(true);
    }

    private void Add(string? entry, MailboxId? mailbox = null)
    {
        if (entry is null)
        {
            return;
        }

        lock (_gate)
        {
            if (!_entries.Contains((mailbox, entry)))
            {
                _overflowed |= _entries.Count >= _most;
                if (_overflowed)
                {
                    _entries.Clear();
                }
                else
                {
                    _entries.Add((mailbox, entry));
                }
            }
        }

        _wake.Writer.TryWrite(true);
    }

    private async ValueTask TellCountsAsync(ImapSession session, IReadOnlyList<Mailbox> mailboxes, CancellationToken cancellationToken)
    {
        var before = _mailboxes.ToDictionary(m => m.Id);
        foreach (var mailbox in mailboxes)
        {
            var old = before.GetValueOrDefault(mailbox.Id);
            if (ReferenceEquals(mailbox, old) || !mailbox.Selectable || mailbox.Id == session.SelectedOwn?.Id
                || (_plan.Of(mailbox.Name, mailbox.Subscribed) & NotifyEvents.OfMessages) is var events && events == 0)
            {
                continue;
            }

            var wantsFlags = (events & NotifyEvents.FlagChange) != 0;
            var counts = mailbox.Messages != (old?.Messages ?? 0) || mailbox.UidNext != (old?.UidNext ?? new Uid(1));
            var unseen = wantsFlags && mailbox.Unseen != (old?.Unseen ?? 0);
            var modSeq = session.IsCondStore && (counts || (wantsFlags && mailbox.HighestModSeq != (old?.HighestModSeq ?? mailbox.HighestModSeq)));
            if (counts || unseen || modSeq)
            {
                WriteStatus(session.Output, mailbox, counts, unseen, modSeq);
                await session.Output.FlushIfFullAsync(cancellationToken);
            }
        }
    }

    private void TellEntries(ResponseWriter output, List<(MailboxId? Mailbox, string Entry)> entries)
    {
        foreach (var group in entries.GroupBy(e => e.Mailbox))
        {
            var mailbox = group.Key is { } id ? _mailboxes.FirstOrDefault(m => m.Id == id) : null;
            if (group.Key is null || (mailbox is not null && (_plan.Of(mailbox.Name, mailbox.Subscribed) & NotifyEvents.MailboxMetadataChange) != 0))
            {
                MetadataResponse.WriteChanged(output, mailbox?.Name ?? "", group.Select(e => e.Entry));
            }
        }
    }

    private static void WriteStatus(ResponseWriter output, Mailbox mailbox, bool counts, bool unseen, bool modSeq)
    {
        output.Write("* STATUS "u8);
        output.Mailbox(mailbox.Name);
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
