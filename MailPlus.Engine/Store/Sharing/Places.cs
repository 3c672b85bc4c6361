using MailPlus.Engine.Accounts;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Store.Sharing;

/// <summary>
/// Where a reader's names of mailboxes lead: into their own store, or into another account's below <see cref="OthersPrefix"/> (RFC 2342). The one way from a name to
/// a mailbox; rights (RFC 4314) are worked out here. Other accounts' stores are opened on the way and kept until <see cref="ReleaseAsync"/>.
/// </summary>
/// <param name="own">The reader's own mail.</param>
/// <param name="mail">All mail.</param>
/// <param name="accounts">Names of accounts.</param>
/// <param name="shares">Who shares with whom.</param>
public sealed class Places(IAccountStore own, IMailStore mail, IAddressBook accounts, IShareIndex shares)
{
    /// <summary>What stands before the names of other accounts' mailboxes.</summary>
    public const string OthersPrefix = OthersRoot + "/";

    /// <summary>The name above all other accounts' mailboxes; nobody's own mailbox can have it.</summary>
    public const string OthersRoot = "Other Users";

    private const int MostOwners = 500;

    private readonly Dictionary<AccountId, IAccountStore> _open = [];

    /// <summary>Whose names these are.</summary>
    public AccountId Reader => own.Account;

    /// <summary>The reader's own mail.</summary>
    public IAccountStore Own => own;

    /// <summary>Accounts that may share something with the reader.</summary>
    public IReadOnlyList<AccountId> Owners => [.. shares.OwnersFor(Reader).Where(owner => accounts.Find(owner) is not null).Take(MostOwners)];

    /// <summary>Says, until disposed, that <see cref="Owners"/> may have changed. Called where they changed: return at once, never throw.</summary>
    public IDisposable OnOwnersChange(Action changed) => shares.OnChange(changed);

    /// <summary>Whether a name is not one's own.</summary>
    public static bool IsOthers(string name) => name.StartsWith(OthersPrefix, StringComparison.Ordinal) || name == OthersRoot;

    /// <summary>A mailbox by name, null when there is none or nothing of it is open to the reader.</summary>
    public async ValueTask<Place?> FindAsync(string name, CancellationToken cancellationToken)
    {
        if (!IsOthers(name))
        {
            return await own.FindAsync(name, cancellationToken) is { } mine ? Of(own, mine) : null;
        }

        return await OwnerOfAsync(name, cancellationToken) is var (store, inner) && await store.FindAsync(inner, cancellationToken) is { } theirs
            && Of(store, theirs) is { Rights: not Rights.None } place
            ? place
            : null;
    }

    /// <summary>A mailbox by name, with the rights needed.</summary>
    /// <exception cref="RefusedException">NotFound; NotAllowed.</exception>
    public async ValueTask<Place> RequireAsync(string name, Rights rights, CancellationToken cancellationToken)
    {
        var place = await FindAsync(name, cancellationToken) ?? throw Missing();
        place.Require(rights);
        return place;
    }

    /// <summary>A mailbox that holds messages, with the rights needed.</summary>
    /// <exception cref="RefusedException">NotFound; NotAllowed.</exception>
    public async ValueTask<Place> RequireSelectableAsync(string name, Rights rights, CancellationToken cancellationToken)
    {
        var place = await RequireAsync(name, rights, cancellationToken);
        return place.Mailbox.Selectable ? place : throw new RefusedException(new Refusal(RefusalKind.NotFound, "MailboxNotSelectable"));
    }

    /// <summary>All of one's own mailboxes, and those of others that one may look up when <paramref name="withOthers"/>, in order of name.</summary>
    public async ValueTask<IReadOnlyList<Place>> ListAsync(bool withOthers, CancellationToken cancellationToken)
    {
        var found = (await own.ListAsync(cancellationToken)).Select(mailbox => Of(own, mailbox)).ToList();
        if (withOthers)
        {
            foreach (var owner in Owners)
            {
                found.AddRange(await ListAsync(owner, cancellationToken));
            }

            found.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        }

        return found;
    }

    /// <summary>Those of one other account that one may look up.</summary>
    public async ValueTask<IReadOnlyList<Place>> ListAsync(AccountId owner, CancellationToken cancellationToken) => await OpenAsync(owner, cancellationToken) is { } store
        ? [.. (await store.ListAsync(cancellationToken)).Select(mailbox => Of(store, mailbox)).Where(place => place.Has(Rights.Lookup))]
        : [];

    /// <summary>A mailbox of a store as the reader has it.</summary>
    public Place Of(IAccountStore store, Mailbox mailbox) =>
        store.Account == Reader
            ? new Place(store, mailbox, mailbox.Name, Acl.RightsOf(mailbox, Reader, Reader)) { IsOwn = true }
            : new Place(store, mailbox, PrefixOf(store.Account) + mailbox.Name, Acl.RightsOf(mailbox, store.Account, Reader)) { IsOwn = false };

    /// <summary>Makes a mailbox; in another's mail below one where the reader may.</summary>
    /// <exception cref="RefusedException">As the store's; NotAllowed.</exception>
    public async Task<Place> CreateAsync(string name, SpecialUse use, CancellationToken cancellationToken)
    {
        var (store, inner) = await RequireRoomForAsync(name, cancellationToken);
        return Of(store, await store.CreateMailboxAsync(inner, store.Account == Reader ? use : SpecialUse.None, cancellationToken));
    }

    /// <summary>Removes a mailbox.</summary>
    /// <exception cref="RefusedException">As the store's; NotAllowed.</exception>
    public async Task DeleteAsync(Place place, CancellationToken cancellationToken)
    {
        place.Require(Rights.Remove);
        await place.Store.DeleteMailboxAsync(place.Id, cancellationToken);
        await shares.SettleAsync(place.Store, cancellationToken);
    }

    /// <summary>Renames a mailbox, within the mail of its owner.</summary>
    /// <exception cref="RefusedException">As the store's; NotAllowed; Invalid from one account to another.</exception>
    public async Task RenameAsync(Place place, string name, CancellationToken cancellationToken)
    {
        // INBOX stays; what is in it goes (RFC 3501 6.3.5).
        place.Require(place.Mailbox.Name == "INBOX" ? Rights.Remove | Rights.Read | Rights.Delete | Rights.Expunge : Rights.Remove);
        var (store, inner) = await RequireRoomForAsync(name, cancellationToken);
        if (store.Account != place.Store.Account)
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "RenameAcrossAccounts"));
        }

        await store.RenameMailboxAsync(place.Id, inner, cancellationToken);
    }

    /// <summary>Changes an access control list; the index of shares follows.</summary>
    /// <exception cref="RefusedException">NotAllowed; TooMany.</exception>
    public async Task ChangeAclAsync(Place place, AclChange change, CancellationToken cancellationToken)
    {
        place.Require(Rights.Administer);
        if (change is { Subject.IsNegative: false, Operation: not RightsOperation.Remove } && change.Subject.Account != place.Store.Account)
        {
            // First, so that a crash between leaves a hint too many and never one too few.
            await shares.AddAsync(place.Store.Account, change.Subject.Account, cancellationToken);
        }

        await place.Store.ChangeAclAsync(place.Id, change, cancellationToken);
        await shares.SettleAsync(place.Store, cancellationToken);
    }

    /// <summary>Gives the opened stores of others back, save one.</summary>
    public async ValueTask ReleaseAsync(AccountId? kept = null)
    {
        if (_open.Count == 0)
        {
            return;
        }

        foreach (var (owner, store) in _open.Where(open => open.Key != kept).ToList())
        {
            _open.Remove(owner);
            await store.DisposeAsync();
        }
    }

    /// <summary>What stands before the names of one account's mailboxes.</summary>
    public string PrefixOf(AccountId owner) => accounts.Find(owner) is { } account ? $"{OthersPrefix}{LevelOf(account)}/" : $"{OthersPrefix}#{owner}/";

    internal static RefusedException Denied() => new(new Refusal(RefusalKind.NotAllowed, "MailboxRightMissing"));

    internal static RefusedException Missing() => new(new Refusal(RefusalKind.NotFound, "MailboxNotFound"));

    /// <summary>Whose mail a name to be made lies in, and its name there.</summary>
    private async ValueTask<(IAccountStore Store, string Inner)> RequireRoomForAsync(string name, CancellationToken cancellationToken)
    {
        var found = IsOthers(name) ? await OwnerOfAsync(name, cancellationToken) : (own, name);
        if (found is not var (store, inner) || inner.Length == 0)
        {
            throw Denied();
        }

        for (var slash = inner.LastIndexOf('/'); slash > 0; slash = inner.LastIndexOf('/', slash - 1))
        {
            if (await store.FindAsync(inner[..slash], cancellationToken) is { } above)
            {
                return Of(store, above).Has(Rights.Create) && !await IsHiddenAsync(store, inner, cancellationToken) ? (store, inner) : throw Denied();
            }
        }

        return store.Account == Reader ? (store, inner) : throw Denied();
    }

    /// <summary>A taken name of which the reader must not learn is refused like one they have no right for.</summary>
    private async ValueTask<bool> IsHiddenAsync(IAccountStore store, string inner, CancellationToken cancellationToken) =>
        await store.FindAsync(inner, cancellationToken) is { } there && !Of(store, there).Has(Rights.Lookup);

    private async ValueTask<(IAccountStore Store, string Inner)?> OwnerOfAsync(string name, CancellationToken cancellationToken)
    {
        if (name.Length <= OthersPrefix.Length)
        {
            return null;
        }

        var slash = name.IndexOf('/', OthersPrefix.Length);
        var level = slash < 0 ? name[OthersPrefix.Length..] : name[OthersPrefix.Length..slash];
        var account = level.StartsWith('#') && long.TryParse(level.AsSpan(1), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var id)
            ? accounts.Find(new AccountId(id))
            : accounts.FindByLogin(level);

        // One name for one mailbox: the log-in name only, not the addresses; and one's own mail has its own names.
        if (account is null || account.Id == Reader || !string.Equals(LevelOf(account), level, StringComparison.OrdinalIgnoreCase)
            || await OpenAsync(account.Id, cancellationToken) is not { } store)
        {
            return null;
        }

        return (store, slash < 0 ? "" : name[(slash + 1)..]);
    }

    private async ValueTask<IAccountStore?> OpenAsync(AccountId owner, CancellationToken cancellationToken)
    {
        if (_open.TryGetValue(owner, out var open))
        {
            return open;
        }

        try
        {
            open = (await mail.OpenAsync(owner, cancellationToken)).ReadBy(Reader);
        }
        catch (RefusedException refused) when (refused.Refusal.Kind == RefusalKind.NotFound)
        {
            return null; // the account is being removed
        }

        _open.Add(owner, open);
        return open;
    }

    // A name with the delimiter in it, or one that looks like a number of ours, cannot stand as one level.
    private static string LevelOf(Account account) => account.Name.Contains('/', StringComparison.Ordinal) || account.Name.StartsWith('#') ? $"#{account.Id}" : account.Name;
}
