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
    public Task<SettingsOutcome> SaveAsync(Actor actor, long? baseVersion, Func<SettingsSnapshot, SettingsSnapshot> change, CancellationToken cancellationToken) =>
        SaveAsync(actor, baseVersion, change, onTrial: false, cancellationToken);

    /// <summary>The same, and with <paramref name="onTrial"/> what changes goes back after <see cref="SettingsTrial.Length"/> unless somebody keeps it.</summary>
    public async Task<SettingsOutcome> SaveAsync(
        Actor actor, long? baseVersion, Func<SettingsSnapshot, SettingsSnapshot> change, bool onTrial, CancellationToken cancellationToken)
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

        var known = baseVersion is { } version && version != store.Current.Version ? await FindOrNullAsync(version, cancellationToken) : null;
        return await database.WriteAsync(
            context =>
            {
                // The writer of the system database is held: nobody saves meanwhile. A version that changed nothing (a trial that was kept) is in nobody's way.
                var present = store.Current;
                if (baseVersion is { } filledFrom && filledFrom != present.Version && (known is null || catalog.Compare(known, present).Count > 0))
                {
                    return Task.FromResult(new SettingsOutcome(present, [new Refusal(RefusalKind.Conflict, "SettingsChanged")]));
                }

                var next = catalog.Unmask(change(catalog.Mask(present)), present);
                var refusals = catalog.Validate(next);
                if (present.IsSetUp && !next.IsSetUp)
                {
                    refusals = [.. refusals, new Refusal(RefusalKind.Invalid, "HostnameMalformed") { Field = "Smtp.Hostname" }];
                }

                var changed = catalog.Compare(present, next).Select(difference => difference.Name).ToList();
                var trial = onTrial ? new SettingsTrial(database.Now.Plus(SettingsTrial.Length), present.Version, actor.Name, changed) : null;
                next = next with { Trial = SettingsTrial.After(present.Trial, changed, trial) };
                var isSame = changed.Count == 0 && SettingsDocument.Write(present) == SettingsDocument.Write(next with { Version = present.Version });
                return Task.FromResult(refusals.Count > 0 || isSame ? new SettingsOutcome(present, refusals) : new SettingsOutcome(store.Add(context, actor, next), []));
            },
            cancellationToken);
    }

    /// <summary>Ends a trial: what was tried stays.</summary>
    /// <exception cref="RefusedException">NotFound when there is none (any more).</exception>
    public Task KeepTrialAsync(Actor actor, CancellationToken cancellationToken) => EndTrialAsync(actor, keeps: true, cancellationToken);

    /// <summary>Ends a trial now: what was tried goes back.</summary>
    /// <exception cref="RefusedException">NotFound when there is none (any more).</exception>
    public Task UndoTrialAsync(Actor actor, CancellationToken cancellationToken) => EndTrialAsync(actor, keeps: false, cancellationToken);

    /// <summary>Takes back what is on trial when its time is over and nobody has ended it meanwhile.</summary>
    internal async Task EndDueTrialAsync(CancellationToken cancellationToken)
    {
        if (store.Current.Trial is { } trial && trial.Left(database.Now) == TimeSpan.Zero)
        {
            await EndTrialAsync(trial, Actor.System, keeps: false, cancellationToken);
        }
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

    private async Task EndTrialAsync(Actor actor, bool keeps, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageSettings);
        if (store.Current.Trial is not { } trial || !await EndTrialAsync(trial, actor, keeps, cancellationToken))
        {
            throw new RefusedException(new Refusal(RefusalKind.NotFound, "NoSettingsTrial"));
        }
    }

    private async Task<bool> EndTrialAsync(SettingsTrial trial, Actor actor, bool keeps, CancellationToken cancellationToken)
    {
        var fallback = keeps ? null : await FindAsync(trial.Fallback, cancellationToken);
        return await database.WriteAsync(
            context =>
            {
                var present = store.Current;
                if (present.Trial is null || present.Trial.Until != trial.Until)
                {
                    return Task.FromResult(false);
                }

                var next = present;
                if (fallback is not null)
                {
                    next = catalog.Take(present, fallback, present.Trial.Names);
                    next = catalog.Validate(next).Count == 0 ? next : fallback; // what was saved meanwhile does not go with it: the whole that did is better than a broken one
                }

                store.Add(context, actor, next with { Trial = null });
                return Task.FromResult(true);
            },
            cancellationToken);
    }

    private async Task<SettingsSnapshot> FindAsync(long version, CancellationToken cancellationToken) =>
        await FindOrNullAsync(version, cancellationToken) ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "SettingsVersionUnknown"));

    private async Task<SettingsSnapshot?> FindOrNullAsync(long version, CancellationToken cancellationToken)
    {
        if (version == 0)
        {
            return new SettingsSnapshot();
        }

        var row = await database.ReadAsync(context => context.SettingsVersions.FirstOrDefaultAsync(row => row.Version == version, cancellationToken), cancellationToken);
        return row is null ? null : SettingsDocument.Read(row.Document) with { Version = version };
    }
}
