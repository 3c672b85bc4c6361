using MailPlus.Engine.Settings;
using MailPlus.Web.Shared;

namespace MailPlus.Web.Api;

/// <summary>/settings: all settings by name as text, secrets masked; PATCH changes the named ones together or none of them.</summary>
internal static class SettingResource
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/settings", (HttpContext context, SettingsOperations settings, SettingsCatalog catalog) =>
            Results.Ok(Show(settings.Get(ApiDoor.ActorOf(context)), catalog)));
        api.MapPatch("/settings", async (HttpContext context, SettingsOperations settings, SettingsCatalog catalog, RefusalTexts texts, Dictionary<string, string> changes, bool trial = false) =>
        {
            var outcome = await settings.SaveAsync(
                ApiDoor.ActorOf(context),
                null,
                snapshot => changes.Aggregate(snapshot, (changed, one) => catalog.Write(changed, one.Key, one.Value)),
                trial,
                context.RequestAborted);
            return outcome.Refusals is [var first, ..] ? ApiDoor.Problem(first, texts) : Results.Ok(Show(settings.Get(ApiDoor.ActorOf(context)), catalog));
        });
        api.MapPost("/settings/trial/keep", async (HttpContext context, SettingsOperations settings) =>
        {
            await settings.KeepTrialAsync(ApiDoor.ActorOf(context), context.RequestAborted);
            return Results.NoContent();
        });
        api.MapPost("/settings/trial/undo", async (HttpContext context, SettingsOperations settings) =>
        {
            await settings.UndoTrialAsync(ApiDoor.ActorOf(context), context.RequestAborted);
            return Results.NoContent();
        });
    }

    private static object Show(SettingsSnapshot snapshot, SettingsCatalog catalog) => new
    {
        snapshot.Version,
        Trial = snapshot.Trial is { } trial ? new { Until = trial.Until.ToDateTimeOffset(), trial.Fallback, trial.Author, trial.Names } : null,
        Settings = catalog.All.ToDictionary(setting => setting.Name, setting => catalog.Read(snapshot, setting.Name)),
    };
}
