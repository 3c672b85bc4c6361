using MailPlus.Engine.Hosting;

namespace MailPlus.Web.CommandLine;

/// <summary>First set-up without a browser.</summary>
internal static class SetupVerbs
{
    internal static IReadOnlyList<Verb> All { get; } =
    [
        new Verb("setup", "--domain D --hostname H --admin NAME --password-stdin", SetupAsync) { Options = ["--domain", "--hostname", "--admin", "--password-stdin"] },
    ];

    private static async Task SetupAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var words = context.Words;
        var request = new SetupRequest(words.Require("--hostname"), words.Require("--domain"), words.Require("--admin"), context.Password());
        await context.Engine.Setup.ApplyAsync(request, cancellationToken);
        await context.Out.WriteLineAsync($"{request.Hostname} is set up for {request.Domain}; {request.Administrator}@{request.Domain} is its administrator.");
    }
}
