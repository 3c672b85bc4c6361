using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>
/// The account as the items of one group commit see and change it, on the writer's thread: the picture that will be published if the commit succeeds,
/// and what is to be announced and removed after it. One per account, reused.
/// </summary>
internal sealed class AccountEdit(OpenAccount account)
{
    private readonly List<StoreChange> _events = [];
    private readonly List<string> _files = [];
    private readonly List<long> _touched = [];
    private SqlSession? _session;
    private long _group = -1;

    public SqlSession Session => _session ?? throw new InvalidOperationException("Outside of a commit.");

    public AccountImage Image { get; set; } = null!;

    public TimeProvider Clock => account.Clock;

    /// <summary>Where big bodies lie.</summary>
    public IBigBodies Bodies => account.Bodies;

    /// <summary>The present.</summary>
    public Instant Now => Instant.Now(account.Clock);

    /// <summary>Runs one item; what it changed here is undone when it throws.</summary>
    public T Run<T>(SqlSession session, Func<AccountEdit, T> work)
    {
        if (session.Group != _group)
        {
            _group = session.Group;
            _session = session;
            Image = account.Published;
            _events.Clear();
            _files.Clear();
            _touched.Clear();
        }

        var (image, events, files, touched) = (Image, _events.Count, _files.Count, _touched.Count);
        try
        {
            return work(this);
        }
        catch
        {
            Image = image;
            _events.RemoveRange(events, _events.Count - events);
            _files.RemoveRange(files, _files.Count - files);
            _touched.RemoveRange(touched, _touched.Count - touched);
            throw;
        }
    }

    /// <summary>Writes what is written once a group, last in the transaction, and sees to publication.</summary>
    public void Finish(SqlSession session)
    {
        if (session.Group != _group)
        {
            return;
        }

        foreach (var id in _touched.Distinct())
        {
            if (Image.Mailboxes.TryGetValue(id, out var mailbox))
            {
                if (mailbox.Fold?.IsDue(account.Options) == true)
                {
                    mailbox = StateStorage.Fold(session, mailbox, Image.ModSeq, account.Options.TombstoneRows);
                    Image = Image.With(mailbox);
                }

                WriteCounters(session, mailbox);
            }
        }

        Image = account.Seal(session, Image);
        var (image, events, files) = (Image, _events.ToArray(), _files.ToArray());
        session.AfterCommit(() => account.Publish(image, events, files));
    }

    /// <summary>A mailbox.</summary>
    /// <exception cref="RefusedException">NotFound.</exception>
    public MailboxImage Mailbox(MailboxId id) =>
        Image.Mailboxes.TryGetValue(id.Value, out var mailbox) ? mailbox : throw Refused(RefusalKind.NotFound, "MailboxNotFound");

    /// <summary>A mailbox that holds messages.</summary>
    /// <exception cref="RefusedException">NotFound.</exception>
    public MailboxImage Selectable(MailboxId id)
    {
        var mailbox = Mailbox(id);
        return mailbox.Row.Selectable ? mailbox : throw Refused(RefusalKind.NotFound, "MailboxNotSelectable");
    }

    /// <summary>A mailbox with its snapshot in memory.</summary>
    /// <param name="id">Which.</param>
    /// <param name="settles">Whether what was found is written down, where that makes the next loading shorter or puts counters right.</param>
    /// <exception cref="RefusedException">NotFound.</exception>
    public MailboxImage Loaded(MailboxId id, bool settles = true)
    {
        var mailbox = Selectable(id);
        if (mailbox.State is null)
        {
            var row = mailbox.Row;
            mailbox = StateStorage.Load(Session, mailbox);
            Image = Image.With(mailbox);
            if (settles && (mailbox.Fold!.IsDue(account.Options) || !ReferenceEquals(row, mailbox.Row)))
            {
                _touched.Add(id.Value);
            }
        }

        return mailbox;
    }

    /// <summary>Puts a changed mailbox in the picture; its counters are written at the end of the group.</summary>
    public void Set(MailboxImage mailbox)
    {
        Image = Image.With(mailbox);
        _touched.Add(mailbox.Row.Id.Value);
    }

    /// <summary>Takes the next MODSEQ.</summary>
    public ModSeq NextModSeq()
    {
        Image = Image with { ModSeq = Image.ModSeq + 1 };
        return new ModSeq(Image.ModSeq);
    }

    /// <summary>Announces a change after the commit, once a group.</summary>
    public void Announce(MailboxId? mailbox, StoreChangeKind kind, string? entry = null, AccountId? onlyFor = null)
    {
        var change = new StoreChange(account.Account, mailbox, kind) { Entry = entry, OnlyFor = onlyFor };
        if (!_events.Contains(change))
        {
            _events.Add(change);
        }
    }

    /// <summary>Removes a body's file after the commit.</summary>
    public void Unlink(string file) => _files.Add(file);

    public static RefusedException Refused(RefusalKind kind, string key, params string[] arguments) => new(new Refusal(kind, key) { Arguments = arguments });

    private static void WriteCounters(SqlSession session, MailboxImage mailbox)
    {
        var row = mailbox.Row;
        session.Statement("UPDATE counter SET uid_next=?1, modseq=?2, messages=?3, unseen=?4, deleted=?5, size=?6, first_recent=?7, purged=?8 WHERE {=}mailbox=?9")
            .Bind(0, row.UidNext.Value).Bind(1, row.HighestModSeq.Value).Bind(2, row.Messages).Bind(3, row.Unseen).Bind(4, row.Deleted)
            .Bind(5, row.Size).Bind(6, row.FirstRecent.Value).Bind(7, mailbox.Purged).Bind(8, row.Id.Value).Execute();
    }
}
