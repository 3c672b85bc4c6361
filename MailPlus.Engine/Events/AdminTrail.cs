using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;

namespace MailPlus.Engine.Events;

/// <summary>Writes administrative acts into the system database's outbox, in the transaction of the act itself: no act without its log row, no row without the act.</summary>
internal static class AdminTrail
{
    internal static void Add(SystemContext context, AdminActed act) => context.Outbox.Add(new OutboxRow { Payload = EventJson.Write(act) });

    /// <summary>Records saves of settings.</summary>
    internal static SettingsStore.SaveRecorder ForSettings(TimeProvider clock) => (context, actor, differences) => Add(
        context,
        new AdminActed(actor.Name, "SettingsSaved", string.Join(", ", differences.Select(difference => difference.Name)))
        {
            Time = Instant.Now(clock),
            Client = actor.Address,
            Detail = string.Join("\n", differences.Select(difference => $"{difference.Name}: {difference.Before} → {difference.After}")),
        });
}
