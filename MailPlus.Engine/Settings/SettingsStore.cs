using System.Collections.Immutable;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Settings;

/// <summary>Settings in the system database: every save is a version; the newest is in force and swapped whole.</summary>
public sealed class SettingsStore : ISettingsSource
{
    /// <summary>Tells the admin log of a save, inside its transaction. Events stand above settings, so wiring hands this in.</summary>
    internal delegate void SaveRecorder(SystemContext context, Actor actor, IReadOnlyList<SettingDifference> differences);

    private readonly SystemDatabase _database;
    private readonly SettingsCatalog _catalog;
    private readonly SaveRecorder _recorder;
    private ImmutableArray<Action<SettingsSnapshot, SettingsSnapshot>> _listeners = [];
    private SettingsSnapshot _current = new();

    internal SettingsStore(SystemDatabase database, SettingsCatalog catalog, SaveRecorder recorder)
    {
        _database = database;
        _catalog = catalog;
        _recorder = recorder;
    }

    /// <inheritdoc/>
    public SettingsSnapshot Current => Volatile.Read(ref _current);

    /// <inheritdoc/>
    public IDisposable OnChange(Action<SettingsSnapshot, SettingsSnapshot> changed)
    {
        ImmutableInterlocked.Update(ref _listeners, list => list.Add(changed));
        return new Listening(() => ImmutableInterlocked.Update(ref _listeners, list => list.Remove(changed)));
    }

    /// <summary>Puts the newest saved version in force; the defaults when there is none.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        var newest = await _database.ReadAsync(
            context => context.SettingsVersions.OrderByDescending(row => row.Version).FirstOrDefaultAsync(cancellationToken), cancellationToken);
        if (newest is not null && newest.Version != Current.Version)
        {
            Swap(SettingsDocument.Read(newest.Document) with { Version = newest.Version });
        }
    }

    /// <summary>Adds a version inside the caller's transaction; it is in force after the commit.</summary>
    internal SettingsSnapshot Add(SystemContext context, Actor actor, SettingsSnapshot snapshot)
    {
        var before = Current;
        var next = snapshot with { Version = before.Version + 1 };
        context.SettingsVersions.Add(new SettingsVersionRow
        {
            Version = next.Version,
            Time = _database.Now.Microseconds,
            Author = actor.Name,
            Document = SettingsDocument.Write(next),
        });
        _recorder(context, actor, _catalog.Compare(before, next));
        context.AfterCommit(() => Swap(next));
        return next;
    }

    private void Swap(SettingsSnapshot next)
    {
        var before = Interlocked.Exchange(ref _current, next);
        foreach (var listener in _listeners)
        {
            listener(before, next);
        }
    }

    private sealed class Listening(Action end) : IDisposable
    {
        private Action? _end = end;

        public void Dispose() => Interlocked.Exchange(ref _end, null)?.Invoke();
    }
}
