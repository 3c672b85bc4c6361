using System.Globalization;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MailPlus.Web.Mail.Folders;
using MailPlus.Web.Mail.MessageList;

namespace MailPlus.Web.Mail;

/// <summary>
/// What one open webmail page knows: folders with counters, the list of one folder, the rows somebody looked at, the selection. Used from the page's own
/// flow only. Opens the account for each piece of work, so that a page left open overnight holds no database open.
/// </summary>
public sealed class MailDesk(MailboxAccess access, Actor actor)
{
    private const int KeptRows = 4000;
    private const int SearchChunk = 500;
    private const int MostFound = 2000;

    // Replaced, never cleared: a read still on its way belongs to the folder it was begun for.
    private Dictionary<uint, MessageListing> _rows = [];
    private CancellationTokenSource? _search;

    /// <summary>Whose mail.</summary>
    public Actor Actor => actor;

    /// <summary>Folders in the order of the pane.</summary>
    public IReadOnlyList<Folder> Folders { get; private set; } = [];

    /// <summary>Storage used.</summary>
    public Usage Usage { get; private set; } = new(0, 0);

    /// <summary>The folder whose messages are listed, null before the first.</summary>
    public Folder? Current { get; private set; }

    /// <summary>The list.</summary>
    public MailboxView View { get; private set; } = new();

    /// <summary>Chosen messages.</summary>
    public ListSelection Selection { get; } = new();

    /// <summary>What is searched for in this folder, "" when nothing is.</summary>
    public string SearchText { get; private set; } = "";

    /// <summary>The folder with a special use, null when there is none.</summary>
    public Folder? Find(SpecialUse use) => Folders.FirstOrDefault(folder => folder.Mailbox.SpecialUse == use);

    /// <summary>The folder of a mailbox, null when it is gone.</summary>
    public Folder? Find(MailboxId mailbox) => Folders.FirstOrDefault(folder => folder.Mailbox.Id == mailbox);

    /// <summary>The inbox.</summary>
    public Folder? Inbox => Folders.FirstOrDefault(folder => folder.NameKey == "Inbox");

    /// <summary>Opens the account for one piece of work.</summary>
    public ValueTask<IAccountStore> OpenAsync(CancellationToken cancellationToken) => access.OpenAsync(actor, cancellationToken);

    /// <summary>Lists another folder; an unknown one gives the inbox.</summary>
    public async Task GoToAsync(MailboxId? mailbox, CancellationToken cancellationToken)
    {
        await using var store = await OpenAsync(cancellationToken);
        await ReadFoldersAsync(store, cancellationToken);
        var target = mailbox is { } id && Find(id) is { Mailbox.Selectable: true } found ? found : Inbox;
        if (target is null)
        {
            return;
        }

        if (Current?.Mailbox.Id != target.Mailbox.Id)
        {
            View = new MailboxView();
            _rows = [];
            Selection.Clear();
            SearchText = "";
        }

        Current = target;
        View.Apply(await store.StateAsync(target.Mailbox.Id, cancellationToken));
    }

    /// <summary>Takes in what was committed since.</summary>
    /// <returns>Messages that came into the listed folder.</returns>
    public async Task<IReadOnlyList<Uid>> RefreshAsync(CancellationToken cancellationToken)
    {
        await using var store = await OpenAsync(cancellationToken);
        await ReadFoldersAsync(store, cancellationToken);
        if (Current is null || Find(Current.Mailbox.Id) is not { } current)
        {
            // Another client removed the folder under our feet.
            Current = null;
            await GoToAsync(null, cancellationToken);
            return [];
        }

        Current = current;
        var validity = View.Mailbox?.UidValidity;
        var added = View.Apply(await store.StateAsync(current.Mailbox.Id, cancellationToken));
        if (validity != View.Mailbox?.UidValidity)
        {
            _rows = [];
            Selection.Clear();
        }

        Selection.Keep(View);
        return added;
    }

    /// <summary>The listing of a message when it has been read.</summary>
    public MessageListing? Row(Uid uid) => _rows.GetValueOrDefault(uid.Value);

    /// <summary>Reads rows not read yet.</summary>
    /// <returns>True when there was something to read.</returns>
    public async Task<bool> ReadRowsAsync(int first, int count, CancellationToken cancellationToken)
    {
        if (Current is not { } folder)
        {
            return false;
        }

        var wanted = new List<Uid>();
        for (var row = Math.Max(0, first); row < Math.Min(View.Count, first + count); row++)
        {
            if (!_rows.ContainsKey(View[row].Value))
            {
                wanted.Add(View[row]);
            }
        }

        if (wanted.Count == 0)
        {
            return false;
        }

        if (_rows.Count > KeptRows)
        {
            _rows = [];
        }

        var rows = _rows;

        wanted.Sort();
        await using var store = await OpenAsync(cancellationToken);
        await foreach (var row in store.ReadAsync(folder.Mailbox.Id, wanted, MessageColumns.Listing, cancellationToken))
        {
            if (row.Listing is { } listing)
            {
                rows[row.Uid.Value] = listing;
            }
        }

        return true;
    }

    /// <summary>Shows all messages, the unread or the starred ones.</summary>
    public void Show(ListFilter filter)
    {
        SearchText = "";
        Selection.Clear();
        View.Show(filter);
    }

    /// <summary>Shows the messages of this folder whose sender, recipient, subject or first words hold all the words; the newest 2,000 of them.</summary>
    public async Task SearchAsync(string text, CancellationToken cancellationToken)
    {
        _search?.Cancel();
        _search = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = _search;
        var words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (words.Length == 0 || Current is not { } folder)
        {
            Show(ListFilter.All);
            return;
        }

        View.Show(ListFilter.All);
        HashSet<uint> found;
        try
        {
            found = await FindAsync(folder.Mailbox.Id, [.. View.Rows()], words, running.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return; // a later search took over
        }

        if (Current?.Mailbox.Id == folder.Mailbox.Id)
        {
            Selection.Clear();
            SearchText = text.Trim();
            View.Show(ListFilter.Found, found);
        }
    }

    private async Task<HashSet<uint>> FindAsync(MailboxId mailbox, Uid[] newestFirst, string[] words, CancellationToken cancellationToken)
    {
        var found = new HashSet<uint>();
        await using var store = await OpenAsync(cancellationToken);
        foreach (var chunk in newestFirst.Chunk(SearchChunk))
        {
            Array.Sort(chunk);
            await foreach (var row in store.ReadAsync(mailbox, chunk, MessageColumns.Listing, cancellationToken))
            {
                if (row.Listing is { } listing && words.All(word => Holds(listing, word)))
                {
                    found.Add(row.Uid.Value);
                }
            }

            if (found.Count >= MostFound)
            {
                break;
            }
        }

        return found;
    }

    private static bool Holds(MessageListing listing, string word)
    {
        const CompareOptions Loose = CompareOptions.IgnoreCase | CompareOptions.IgnoreWidth;
        var compare = CultureInfo.InvariantCulture.CompareInfo;
        return compare.IndexOf(listing.Subject, word, Loose) >= 0 || compare.IndexOf(listing.From, word, Loose) >= 0
            || compare.IndexOf(listing.FromAddress, word, Loose) >= 0 || compare.IndexOf(listing.To, word, Loose) >= 0
            || compare.IndexOf(listing.Preview, word, Loose) >= 0;
    }

    private async Task ReadFoldersAsync(IAccountStore store, CancellationToken cancellationToken)
    {
        Folders = FolderOrder.Of(await store.ListAsync(cancellationToken));
        Usage = await store.UsageAsync(cancellationToken);
    }
}
