using MailPlus.Engine.Hosting;
using MailPlus.Engine.Monitoring;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.CommandLine;

/// <summary>Backup and doctor.</summary>
internal static class CareVerbs
{
    internal static IReadOnlyList<Verb> All { get; } =
    [
        new Verb("backup", "DIR", BackupAsync),
        new Verb("doctor", "[--ready] [--json]", DoctorAsync) { Options = ["--ready"] },
    ];

    private static async Task BackupAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var folder = context.Path(0, "DIR");
        var manifest = await context.Engine.Backups.CreateAsync(Actor.Operator, folder, cancellationToken);
        await context.Out.WriteLineAsync($"{manifest.Accounts} accounts copied to {folder}.");
    }

    private static async Task DoctorAsync(VerbContext context, CancellationToken cancellationToken)
    {
        if (context.Words.Has("--ready"))
        {
            // Asked every few seconds by a container's health check: no look at DNS, ports or stores.
            context.Succeeded = context.Engine.Host.State == EngineState.Running;
            await context.Out.WriteLineAsync(context.Succeeded ? "ready" : "not ready");
            return;
        }

        var found = await context.Engine.Doctor.ExamineAsync(Actor.Operator, cancellationToken);
        context.Print([.. found.Select(diagnosis => new { diagnosis.Area, Health = diagnosis.Health.ToString().ToLowerInvariant(), diagnosis.Text })]);
        context.Succeeded = found.All(diagnosis => diagnosis.Health != Health.Problem);
    }
}
