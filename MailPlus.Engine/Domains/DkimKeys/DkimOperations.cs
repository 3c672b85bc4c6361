using System.Globalization;
using MailPlus.Engine.Database;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Resolver;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Domains.DkimKeys;

/// <summary>
/// Operations on the keys that sign a domain's mail (General tab, <c>dkim</c> verbs, REST; DOM-040 to DOM-047). Permission ManageDomains. A new key waits until
/// DNS shows it, while the old one signs on and stays published for a week after (mail-rules 33).
/// </summary>
public sealed class DkimOperations
{
    /// <summary>How long the records of a retired key stay.</summary>
    public static readonly TimeSpan Keeping = TimeSpan.FromDays(7);

    private const int LongestPrefix = 50;
    private const string UsualPrefix = "mailplus";

    private readonly SystemDatabase _database;
    private readonly DkimKeyring _keyring;
    private readonly IDnsResolver _resolver;

    internal DkimOperations(SystemDatabase database, DkimKeyring keyring, IDnsResolver resolver) => (_database, _keyring, _resolver) = (database, keyring, resolver);

    /// <summary>How a domain's mail is signed, and what has to be published.</summary>
    /// <exception cref="RefusedException">NotFound.</exception>
    public Task<DkimState> GetAsync(Actor actor, DomainId domain, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        return _database.ReadAsync(async context => await StateAsync(context, await FindAsync(context, domain, cancellationToken), cancellationToken), cancellationToken);
    }

    /// <summary>Switches signing on or off. Switched on without a key, one of 2,048 bits is made (DOM-043).</summary>
    public Task<DkimState> EnableAsync(Actor actor, DomainId domain, bool enabled, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        return ChangeAsync(domain, async (context, row) =>
        {
            row.SignsDkim = enabled;
            Record(context, actor, "DkimChanged", row.Unicode, enabled ? "on" : "off");
            if (enabled && !await context.DkimKeys.AnyAsync(key => key.DomainId == row.Id && key.State == (int)DkimKeyState.Active, cancellationToken))
            {
                await MakeAsync(context, row, actor, new NewDkimKey(), cancellationToken);
            }
        }, cancellationToken);
    }

    /// <summary>Makes a key pair.</summary>
    /// <exception cref="RefusedException">Invalid for a length or a selector that cannot be.</exception>
    public Task<DkimState> GenerateAsync(Actor actor, DomainId domain, NewDkimKey wanted, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        if (wanted.Algorithm == DkimAlgorithm.Rsa && wanted.Bits is not (1024 or 2048))
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, wanted.Bits < 1024 ? "DkimTooShort" : "DkimLength") { Field = "Bits", Arguments = [wanted.Bits.ToString(CultureInfo.InvariantCulture)] });
        }

        var prefix = wanted.Prefix.Trim();
        if (prefix.Length > LongestPrefix || !prefix.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') || prefix.StartsWith('-') || prefix.EndsWith('-'))
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "SelectorMalformed") { Field = "Prefix" });
        }

        return ChangeAsync(domain, (context, row) => MakeAsync(context, row, actor, wanted, cancellationToken), cancellationToken);
    }

    /// <summary>Lets a pending key sign, if DNS shows it for the domain.</summary>
    /// <exception cref="RefusedException">NotFound; Conflict when DNS does not show it.</exception>
    public async Task<DkimState> ActivateAsync(Actor actor, DomainId domain, DkimKeyId key, CancellationToken cancellationToken)
    {
        var before = (await GetAsync(actor, domain, cancellationToken)).Keys.FirstOrDefault(one => one.Id == key && one.State == DkimKeyState.Pending)
            ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "DkimKeyUnknown"));
        if (!await IsPublishedAsync(before, cancellationToken))
        {
            throw new RefusedException(new Refusal(RefusalKind.Conflict, "DkimNotSeen"));
        }

        return await ChangeAsync(domain, async (context, row) =>
        {
            var pending = await context.DkimKeys.FirstOrDefaultAsync(one => one.Id == key.Value && one.DomainId == row.Id && one.State == (int)DkimKeyState.Pending, cancellationToken)
                ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "DkimKeyUnknown"));
            foreach (var old in await context.DkimKeys.Where(one => one.DomainId == row.Id && one.Algorithm == pending.Algorithm && one.State == (int)DkimKeyState.Active).ToListAsync(cancellationToken))
            {
                (old.State, old.Retired) = ((int)DkimKeyState.Retired, _database.Now.Microseconds);
            }

            pending.State = (int)DkimKeyState.Active;
            Record(context, actor, "DkimKeyActivated", row.Unicode, pending.Selector);
        }, cancellationToken);
    }

    /// <summary>Removes a key that does not sign, or that is not the last one that signs.</summary>
    /// <exception cref="RefusedException">NotFound; Conflict for the last key of a domain that signs.</exception>
    public Task<DkimState> RemoveAsync(Actor actor, DomainId domain, DkimKeyId key, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        return ChangeAsync(domain, async (context, row) =>
        {
            var gone = await context.DkimKeys.FirstOrDefaultAsync(one => one.Id == key.Value && one.DomainId == row.Id, cancellationToken)
                ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "DkimKeyUnknown"));
            if (row.SignsDkim && gone.State == (int)DkimKeyState.Active && await context.DkimKeys.CountAsync(one => one.DomainId == row.Id && one.State == (int)DkimKeyState.Active, cancellationToken) == 1)
            {
                throw new RefusedException(new Refusal(RefusalKind.Conflict, "DkimKeySigns"));
            }

            context.DkimKeys.Remove(gone);
            Record(context, actor, "DkimKeyRemoved", row.Unicode, gone.Selector);
        }, cancellationToken);
    }

    /// <summary>Lets pending keys sign that DNS shows by now, and removes those retired longer than a week ago.</summary>
    internal async Task RotateAsync(CancellationToken cancellationToken)
    {
        var oldest = _database.Now.Plus(-Keeping).Microseconds;
        var rows = await _database.ReadAsync(
            context => context.DkimKeys.Where(row => row.State == (int)DkimKeyState.Pending || (row.State == (int)DkimKeyState.Retired && row.Retired < oldest)).ToListAsync(cancellationToken), cancellationToken);
        foreach (var row in rows)
        {
            try
            {
                await (row.State == (int)DkimKeyState.Pending
                    ? ActivateAsync(Actor.System, new DomainId(row.DomainId), new DkimKeyId(row.Id), cancellationToken)
                    : RemoveAsync(Actor.System, new DomainId(row.DomainId), new DkimKeyId(row.Id), cancellationToken));
            }
            catch (RefusedException refused) when (refused.Refusal.Kind is RefusalKind.Conflict or RefusalKind.NotFound)
            {
                // Not published yet, or gone meanwhile: looked at again next time.
            }
        }
    }

    private static async Task<DomainRow> FindAsync(SystemContext context, DomainId domain, CancellationToken cancellationToken) =>
        await context.Domains.Include(row => row.Additional).FirstOrDefaultAsync(row => row.Id == domain.Value, cancellationToken) ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "DomainUnknown"));

    private static async Task<DkimState> StateAsync(SystemContext context, DomainRow row, CancellationToken cancellationToken)
    {
        var keys = await context.DkimKeys.Where(key => key.DomainId == row.Id).ToListAsync(cancellationToken);
        var names = row.Additional.Select(additional => additional.Name).Order(StringComparer.Ordinal).Prepend(row.Name).ToList();
        return new DkimState(row.SignsDkim, [.. keys.OrderBy(key => key.State == (int)DkimKeyState.Active ? 0 : 1).ThenBy(key => key.State).ThenBy(key => key.Id).Select(key => View(key, names))]);
    }

    private static DkimKeyView View(DkimKeyRow key, IReadOnlyList<string> names)
    {
        var algorithm = (DkimAlgorithm)key.Algorithm;
        var value = $"v=DKIM1; k={(algorithm == DkimAlgorithm.Rsa ? "rsa" : "ed25519")}; p={key.PublicKey}";
        return new DkimKeyView(new DkimKeyId(key.Id), key.Selector, (DkimKeyState)key.State)
        {
            Algorithm = algorithm,
            Bits = key.Bits,
            PublicKey = key.PublicKey,
            Created = new Instant(key.Created),
            KeepUntil = key.Retired is { } retired ? new Instant(retired).Plus(Keeping) : null,
            Records = [.. names.Select(name => new DkimRecord($"{key.Selector}._domainkey.{name}", value))],
        };
    }

    private async Task MakeAsync(SystemContext context, DomainRow row, Actor actor, NewDkimKey wanted, CancellationToken cancellationToken)
    {
        var keys = await context.DkimKeys.Where(key => key.DomainId == row.Id).ToListAsync(cancellationToken);
        var rivals = keys.Where(key => key.Algorithm == (int)wanted.Algorithm && key.State != (int)DkimKeyState.Retired).ToList();

        // One key waits at a time; with "replace now", nothing of the old ones is left.
        context.DkimKeys.RemoveRange(rivals.Where(key => wanted.ReplaceNow || key.State == (int)DkimKeyState.Pending));
        var pair = DkimKeyPair.Make(wanted.Algorithm, wanted.Bits);
        var signs = wanted.ReplaceNow || rivals.TrueForAll(key => key.State != (int)DkimKeyState.Active);
        var made = new DkimKeyRow
        {
            DomainId = row.Id,
            Selector = Selector(wanted.Prefix.Trim().ToLowerInvariant(), keys),
            Algorithm = (int)wanted.Algorithm,
            Bits = wanted.Algorithm == DkimAlgorithm.Rsa ? wanted.Bits : 256,
            PrivateKey = pair.PrivateKey,
            PublicKey = pair.PublicKey,
            State = (int)(signs ? DkimKeyState.Active : DkimKeyState.Pending),
            Created = _database.Now.Microseconds,
        };
        context.DkimKeys.Add(made);
        Record(context, actor, "DkimKeyGenerated", row.Unicode, made.Selector);
    }

    /// <summary>A selector whose record cannot still hold another key in somebody's cache.</summary>
    private static string Selector(string prefix, List<DkimKeyRow> keys)
    {
        var stem = prefix.Length > 0 ? prefix : UsualPrefix;
        var selector = stem;
        for (var number = 2; keys.Exists(key => key.Selector == selector); number++)
        {
            selector = string.Create(CultureInfo.InvariantCulture, $"{stem}{number}");
        }

        return selector;
    }

    private async Task<bool> IsPublishedAsync(DkimKeyView key, CancellationToken cancellationToken)
    {
        foreach (var record in key.Records)
        {
            var answer = await _resolver.QueryTxtAsync(record.Name, cancellationToken);
            if (answer.Status != DnsStatus.Found || !answer.Records.Any(text => Dense(text).Contains($"p={key.PublicKey}", StringComparison.Ordinal)))
            {
                return false;
            }
        }

        return true;
    }

    private static string Dense(string text) => string.Concat(text.Where(c => !char.IsWhiteSpace(c)));

    private Task<DkimState> ChangeAsync(DomainId domain, Func<SystemContext, DomainRow, Task> change, CancellationToken cancellationToken) => _database.WriteAsync(
        async context =>
        {
            var row = await FindAsync(context, domain, cancellationToken);
            await change(context, row);
            await context.SaveChangesAsync(cancellationToken);
            var keys = await context.DkimKeys.Where(key => key.DomainId == row.Id).ToListAsync(cancellationToken);
            context.AfterCommit(() => _keyring.Set(row, keys));
            return await StateAsync(context, row, cancellationToken);
        },
        cancellationToken);

    private void Record(SystemContext context, Actor actor, string action, string target, string detail) =>
        AdminTrail.Add(context, new AdminActed(actor.Name, action, target) { Time = _database.Now, Client = actor.Address, Detail = detail });
}
