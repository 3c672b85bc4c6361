using MailPlus.Engine.Settings;

namespace MailPlus.Tests.Support;

/// <summary>Settings a test sets; a change calls back as the settings store does.</summary>
public sealed class SettableSettings(SettingsSnapshot? first = null) : ISettingsSource
{
    private readonly List<Action<SettingsSnapshot, SettingsSnapshot>> _changed = [];

    public SettingsSnapshot Current { get; private set; } = first ?? new SettingsSnapshot();

    public IDisposable OnChange(Action<SettingsSnapshot, SettingsSnapshot> changed)
    {
        lock (_changed)
        {
            _changed.Add(changed);
        }

        return new Subscription(this, changed);
    }

    public void Set(SettingsSnapshot now)
    {
        Action<SettingsSnapshot, SettingsSnapshot>[] listeners;
        var before = Current;
        lock (_changed)
        {
            Current = now;
            listeners = [.. _changed];
        }

        foreach (var listener in listeners)
        {
            listener(before, now);
        }
    }

    private sealed class Subscription(SettableSettings owner, Action<SettingsSnapshot, SettingsSnapshot> changed) : IDisposable
    {
        public void Dispose()
        {
            lock (owner._changed)
            {
                owner._changed.Remove(changed);
            }
        }
    }
}
