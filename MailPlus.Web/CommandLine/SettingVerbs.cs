using MailPlus.Engine.Primitives;

namespace MailPlus.Web.CommandLine;

/// <summary>Verbs on settings.</summary>
internal static class SettingVerbs
{
    internal static IReadOnlyList<Verb> All { get; } =
    [
        new Verb("setting list", "[--json]", (context, _) => List(context)),
        new Verb("setting get", "NAME", (context, _) => GetAsync(context)),
        new Verb("setting set", "NAME VALUE [--trial]", SetAsync),
        new Verb("setting keep", "", (context, token) => context.Engine.SettingsOperations.KeepTrialAsync(Actor.Operator, token)),
        new Verb("setting undo", "", (context, token) => context.Engine.SettingsOperations.UndoTrialAsync(Actor.Operator, token)),
    ];

    private static Task List(VerbContext context)
    {
        var (catalog, snapshot) = (context.Engine.Catalog, context.Engine.Settings.Current);
        context.Print([.. catalog.All.Select(setting => new { setting.Name, Value = catalog.Read(snapshot, setting.Name), setting.Attribute.Unit })]);
        return Task.CompletedTask;
    }

    private static async Task GetAsync(VerbContext context)
    {
        var name = context.Words.Word(0, "NAME");
        var value = context.Engine.Catalog.Read(context.Engine.Settings.Current, name)
            ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "SettingUnknown") { Arguments = [name] });
        await context.Out.WriteLineAsync(value);
    }

    private static async Task SetAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var (name, value) = (context.Words.Word(0, "NAME"), context.Words.Word(1, "VALUE"));
        var outcome = await context.Engine.SettingsOperations.SaveAsync(
            Actor.Operator, null, snapshot => context.Engine.Catalog.Write(snapshot, name, value), context.Words.Has("--trial"), cancellationToken);
        if (!outcome.IsSaved)
        {
            throw new RefusedException(outcome.Refusals[0]);
        }
    }
}
