using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Settings;

/// <summary>Operations on settings (all setting pages, <c>setting</c> verbs, REST). Permission ManageSettings.</summary>
public sealed class SettingsOperations
{
    /// <summary>The present snapshot for a form: secrets that are set read as <see cref="SettingsCatalog.SecretMask"/>; saving the mask keeps the secret.</summary>
    public SettingsSnapshot Get(Actor actor) => throw new NotImplementedException();

    /// <summary>Saves a new version, made by changing the present one, and puts it in force.</summary>
    /// <param name="actor">Who.</param>
    /// <param name="baseVersion">The version the form was filled from; a newer one in force is a Conflict. Null takes the present one.</param>
    /// <param name="change">Makes the new snapshot; pure.</param>
    /// <param name="cancellationToken">Token.</param>
    public Task<SettingsOutcome> SaveAsync(Actor actor, long? baseVersion, Func<SettingsSnapshot, SettingsSnapshot> change, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Saved versions, newest first.</summary>
    public Task<Page<SettingsVersion>> ListHistoryAsync(Actor actor, int offset, int limit, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>What differs from one version to another; 0 are the defaults.</summary>
    /// <exception cref="RefusedException">NotFound.</exception>
    public Task<IReadOnlyList<SettingDifference>> DiffAsync(Actor actor, long from, long to, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Saves an old version as the newest one.</summary>
    /// <exception cref="RefusedException">NotFound.</exception>
    public Task<SettingsOutcome> RestoreAsync(Actor actor, long version, CancellationToken cancellationToken) => throw new NotImplementedException();
}
