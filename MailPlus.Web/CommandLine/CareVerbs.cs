using MailPlus.Engine.Primitives;

namespace MailPlus.Web.CommandLine;

/// <summary>Backup and doctor.</summary>
internal static class CareVerbs
{
    internal static IReadOnlyList<Verb> All { get; } =
    [
        new Verb("backup", "DIR", BackupAsync),
    ];

    private static async Task BackupAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var folder = context.Path(0, "DIR");
        var manifest = await context.Engine.Backups.CreateAsync(Actor.Operator, folder, cancellationToken);
        await context.Out.WriteLineAsync($"{manifest.Accounts} accounts copied to {folder}.");
    }
}
