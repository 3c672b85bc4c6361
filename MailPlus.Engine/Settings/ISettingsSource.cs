namespace MailPlus.Engine.Settings;

/// <summary>Where running parts read settings: the present snapshot and a call when it is replaced. Implemented by the settings store; tests give fixed ones.</summary>
public interface ISettingsSource
{
    /// <summary>The present snapshot; never null, cheap.</summary>
    SettingsSnapshot Current { get; }

    /// <summary>Calls back after each swap with the old and the new snapshot until disposed; the callback returns at once and does not throw.</summary>
    IDisposable OnChange(Action<SettingsSnapshot, SettingsSnapshot> changed);
}
