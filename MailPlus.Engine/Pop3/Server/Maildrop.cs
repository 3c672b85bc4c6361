using System.Collections;
using System.Globalization;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Pop3.Server;

/// <summary>
/// The INBOX as it was when the session signed in: numbers, sizes and unique ids come from that snapshot and stay, whatever IMAP does meanwhile. Deletions are marks
/// until QUIT removes them by one durable commit (RFC 1939 6).
/// </summary>
internal sealed class Maildrop : IAsyncDisposable
{
    private readonly IAccountStore _store;
    private readonly IAsyncDisposable _lock;
    private readonly MailboxState _state;
    private readonly MailboxId _mailbox;
    private BitArray? _deleted;

    private Maildrop(IAccountStore store, IAsyncDisposable held, MailboxState state)
    {
        _store = store;
        _lock = held;
        _state = state;
        _mailbox = state.Mailbox.Id;
        Reset();
    }

    /// <summary>Messages, those marked included.</summary>
    public int Count => _state.Count;

    /// <summary>Messages that are not marked.</summary>
    public int Left { get; private set; }

    /// <summary>Octets of those.</summary>
    public long Octets { get; private set; }

    /// <summary>Takes the lock and the snapshot.</summary>
    /// <exception cref="RefusedException">Conflict when another session has the maildrop; what opening the account refuses.</exception>
    public static async ValueTask<Maildrop> OpenAsync(IMailStore mail, AccountId account, MaildropLocks locks, CancellationToken cancellationToken)
    {
        var held = await locks.TryTakeAsync(account, cancellationToken) ?? throw new RefusedException(new Refusal(RefusalKind.Conflict, "MaildropInUse") { Temporary = true });
        IAccountStore? store = null;
        try
        {
            store = await mail.OpenAsync(account, cancellationToken);
            var inbox = await store.FindAsync("INBOX", cancellationToken) ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "MailboxNotFound"));
            return new Maildrop(store, held, await store.StateAsync(inbox.Id, cancellationToken));
        }
        catch
        {
            await held.DisposeAsync();
            if (store is not null)
            {
                await store.DisposeAsync();
            }

            throw;
        }
    }

    /// <summary>Zero-based position of a message number; -1 when there is none or it is marked.</summary>
    public int Find(string number) =>
        int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var given) && given >= 1 && given <= Count && !IsDeleted(given - 1) ? given - 1 : -1;

    public bool IsDeleted(int index) => _deleted is { } marks && marks[index];

    public long SizeOf(int index) => _state[index].Size;

    /// <summary>The unique id (RFC 1939 7): UIDVALIDITY and UID, which no two messages of an INBOX ever share and no restart changes.</summary>
    public string UniqueIdOf(MessageState message) => string.Create(CultureInfo.InvariantCulture, $"{_state.Mailbox.UidValidity}.{message.Uid.Value}");

    public string UniqueIdOf(int index) => UniqueIdOf(_state[index]);

    /// <summary>All messages with their positions, marked ones left out.</summary>
    public IEnumerable<(int Index, MessageState Message)> Messages()
    {
        var index = 0;
        foreach (var message in _state.Range(0, _state.Count))
        {
            if (!IsDeleted(index))
            {
                yield return (index, message);
            }

            index++;
        }
    }

    /// <summary>A message's octets; null when somebody has expunged it meanwhile.</summary>
    public ValueTask<StoredContent?> OpenAsync(int index, CancellationToken cancellationToken) => _store.OpenAsync(_mailbox, _state[index].Uid, cancellationToken);

    /// <summary>Marks a message.</summary>
    public void Delete(int index)
    {
        (_deleted ??= new BitArray(Count))[index] = true;
        Left--;
        Octets -= SizeOf(index);
    }

    /// <summary>Takes all marks back.</summary>
    public void Reset()
    {
        _deleted = null;
        Left = Count;
        Octets = _state.Mailbox.Size;
    }

    /// <summary>Removes what is marked, all or nothing; durable on completion.</summary>
    public async ValueTask CommitAsync(CancellationToken cancellationToken)
    {
        if (Left < Count)
        {
            await _store.ExpungeAsync(_mailbox, UidSet.From(Marked()), regardless: true, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _lock.DisposeAsync();
        await _store.DisposeAsync();
    }

    private IEnumerable<Uid> Marked()
    {
        var index = 0;
        foreach (var message in _state.Range(0, _state.Count))
        {
            if (IsDeleted(index++))
            {
                yield return message.Uid;
            }
        }
    }
}
