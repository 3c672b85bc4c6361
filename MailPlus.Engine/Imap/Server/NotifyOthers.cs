using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store;
using MailPlus.Engine.Store.Sharing;

namespace MailPlus.Engine.Imap.Server;

/// <summary>
/// What others share with somebody who watches it (RFC 5465, RFC 4314). An owner's mailboxes are listed again only after something of that owner changed; nobody's mail
/// stays open for it.
/// </summary>
/// <param name="changes">The change feed.</param>
/// <param name="onChange">Hears of every change of an owner.</param>
/// <param name="wake">Asks for a look.</param>
internal sealed class NotifyOthers(ChangeFeed changes, Action<StoreChange> onChange, Action wake) : IDisposable
{
    private readonly Dictionary<AccountId, Owner> _owners = [];
    private IDisposable? _shares;
    private IReadOnlyList<Place> _all = [];

    /// <summary>All that may be looked up, the same list as before where nothing changed; nothing while it is not wanted.</summary>
    public async ValueTask<IReadOnlyList<Place>> LookAsync(Places places, bool isWanted, CancellationToken cancellationToken)
    {
        if (!isWanted)
        {
            Dispose();
            return _all;
        }

        _shares ??= places.OnOwnersChange(wake);
        var owners = places.Owners;
        var isNews = _owners.Count != owners.Count;
        foreach (var gone in _owners.Keys.Except(owners).ToList())
        {
            _owners.Remove(gone, out var owner);
            owner!.Subscription.Dispose();
            isNews = true;
        }

        foreach (var account in owners)
        {
            if (!_owners.TryGetValue(account, out var owner))
            {
                // Heard before it is looked at, so that nothing falls between.
                owner = new Owner();
                owner.Subscription = changes.Subscribe(account, owner.Hear(onChange));
                _owners.Add(account, owner);
            }

            isNews |= await owner.LookAsync(places, account, cancellationToken);
        }

        return isNews ? _all = [.. owners.SelectMany(account => _owners[account].Places)] : _all;
    }

    public void Dispose()
    {
        _shares?.Dispose();
        _shares = null;
        foreach (var owner in _owners.Values)
        {
            owner.Subscription.Dispose();
        }

        _owners.Clear();
        _all = [];
    }

    private sealed class Owner
    {
        private int _changed = 1;
        private string _prefix = "";

        public IDisposable Subscription { get; set; } = null!;

        public IReadOnlyList<Place> Places { get; private set; } = [];

        public Action<StoreChange> Hear(Action<StoreChange> onChange) => change =>
        {
            Volatile.Write(ref _changed, 1);
            onChange(change);
        };

        /// <summary>True when it was looked at anew.</summary>
        public async ValueTask<bool> LookAsync(Places places, AccountId account, CancellationToken cancellationToken)
        {
            var prefix = places.PrefixOf(account);
            if (Interlocked.Exchange(ref _changed, 0) == 0 && prefix == _prefix)
            {
                return false;
            }

            try
            {
                Places = await places.ListAsync(account, cancellationToken);
                _prefix = prefix;
                return true;
            }
            catch
            {
                Volatile.Write(ref _changed, 1); // the next look tries again
                throw;
            }
        }
    }
}
