using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings.Sections;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Settings;

/// <summary>Operations on settings (all setting pages, <c>setting</c> verbs, REST). Permission ManageSettings.</summary>
public sealed class SettingsOperations(SystemDatabase database, SettingsStore store, SettingsCatalog catalog)
{
    private const int MaximumRows = 1000;

    /// <summary>
    /// Asked before listeners change, with the section in force and the wanted one: what could not be bound (PRO-050), fields as full setting names. Given by the wiring,
    /// because listeners are not known at this level; null asks nobody.
    /// </summary>
    public Func<ServiceSettings, ServiceSettings, CancellationToken, Task<IReadOnlyList<Refusal>>>? ListenerProbe { get; init; }

    /// <summary>The present snapshot for a form: secrets that are set read as <see cref="SettingsCatalog.SecretMask"/>; saving the mask keeps the secret.</summary>
    public SettingsSnapshot Get(Actor actor)
    {
        actor.Require(Permission.ManageSettings);
        return catalog.Mask(store.Current);
    }

    /// <summary>Saves a new version, made by changing the present one, and puts it in force.</summary>
    /// <param name="actor">Who.</param>
    /// <param name="baseVersion">The version the form was filled from; a newer one in force is a Conflict. Null takes the present one.</param>
    /// <param name="change">Makes the new snapshot; pure.</param>
    /// <param name="cancellationToken">Token.</param>
    public async Task<SettingsOutcome> SaveAsync(Actor actor, long? baseVersion, Func<SettingsSnapshot, SettingsSnapshot> change, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageSettings);

        // Before the writer is taken: binding may take a while, and what it finds may change at any moment anyway.
        var before = store.Current;
        if (ListenerProbe is { } probe && (baseVersion ?? before.Version) == before.Version && change(catalog.Mask(before)) is var wanted
            && wanted.Service != before.Service && catalog.Validate(catalog.Unmask(wanted, before)).Count == 0
            && await probe(before.Service, wanted.Service, cancellationToken) is { Count: > 0 } unbindable)
        {
            return new SettingsOutcome(before, unbindable);
        }

        return await database.WriteAsync(
            context =>
            {
                // The writer of the system database is held: nobody saves meanwhile.
                var present = store.Current;
                if (baseVersion is { } known && known != present.Version)
                {
                    return Task.FromResult(new SettingsOutcome(present, [new Refusal(RefusalKind.Conflict, "SettingsChanged")]));
                }

                var next = catalog.Unmask(change(catalog.Mask(present)), present);
                var refusals = catalog.Validate(next);
                if (present.IsSetUp && !next.IsSetUp)
                {
                    refusals = [.. refusals, new Refusal(RefusalKind.Invalid, "HostnameMalformed") { Field = "Smtp.Hostname" }];
                }

                var isSame = catalog.Compare(present, next).Count == 0 && SettingsDocument.Write(present) == SettingsDocument.Write(next with { Version = present.Version });
                return Task.FromResult(refusals.Count > 0 || isSame ? new SettingsOutcome(present, refusals) : new SettingsOutcome(store.Add(context, actor, next), []));
            },
            cancellationToken);
    }

    /// <summary>Saves the remark on the server, as IMAP's SETMETADATA does (RFC 5464 3.2.1.1).</summary>
    /// <exception cref="RefusedException">What is wrong with it.</exception>
    public async Task SetServerCommentAsync(Actor actor, string comment, CancellationToken cancellationToken)
    {
        var outcome = await SaveAsync(actor, null, settings => settings with { Imap = settings.Imap with { ServerComment = comment } }, cancellationToken);
        if (outcome.Refusals.Count > 0)
        {
            throw new RefusedException(outcome.Refusals[0]);
        }
    }

    /// <summary>Saved versions, newest first.</summary>
    public Task<Page<SettingsVersion>> ListHistoryAsync(Actor actor, int offset, int limit, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageSettings);
        return database.ReadAsync(
            async context =>
            {
                var total = await context.SettingsVersions.CountAsync(cancellationToken);

                // One more than asked for: the oldest of the page is compared with the one before it.
                var rows = await context.SettingsVersions.OrderByDescending(row => row.Version)
                    .Skip(Math.Max(0, offset)).Take(Math.Clamp(limit, 1, MaximumRows) + 1).ToListAsync(cancellationToken);
                var snapshots = rows.Select(row => SettingsDocument.Read(row.Document)).Append(new SettingsSnapshot()).ToList();
                var versions = rows.Take(Math.Clamp(limit, 1, MaximumRows))
                    .Select((row, index) => new SettingsVersion(row.Version, new Instant(row.Time), row.Author, catalog.Compare(snapshots[index + 1], snapshots[index])));
                return new Page<SettingsVersion>([.. versions], total);
            },
            cancellationToken);
    }

    /// <summary>What differs from one version to another; 0 are the defaults.</summary>
    /// <exception cref="RefusedException">NotFound.</exception>
    public async Task<IReadOnlyList<SettingDifference>> DiffAsync(Actor actor, long from, long to, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageSettings);
        return catalog.Compare(await FindAsync(from, cancellationToken), await FindAsync(to, cancellationToken));
    }

    /// <summary>Saves an old version as the newest one.</summary>
    /// <exception cref="RefusedException">NotFound.</exception>
    public async Task<SettingsOutcome> RestoreAsync(Actor actor, long version, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageSettings);
        var old = await FindAsync(version, cancellationToken);
        return await SaveAsync(actor, null, _ => old, cancellationToken);
    }

    private async Task<SettingsSnapshot> FindAsync(long version, CancellationToken cancellationToken)
    {
        if (version == 0)
        {
            return new SettingsSnapshot();
        }

        var row = await database.ReadAsync(context => context.SettingsVersions.FirstOrDefaultAsync(row => row.Version == version, cancellationToken), cancellationToken);
        return row is null
            ? throw new RefusedException(new Refusal(RefusalKind.NotFound, "SettingsVersionUnknown"))
            : SettingsDocument.Read(row.Document) with { Version = version };
    }
}
