using MailPlus.Engine.Hosting;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.CommandLine;

/// <summary>A verb to run, as it travels over the control socket.</summary>
/// <param name="Arguments">The words after the program's name.</param>
/// <param name="Input">Standard input, when a password is read from it.</param>
/// <param name="Folder">The caller's working folder.</param>
internal sealed record VerbRequest(IReadOnlyList<string> Arguments, string Input, string Folder)
{
    /// <summary>Runs the verb and says how it ended; expected noes become a line of the error text and code 1.</summary>
    public async Task<VerbResponse> RunAsync(EngineWiring engine, CancellationToken cancellationToken)
    {
        var output = new StringWriter();
        try
        {
            var words = CommandWords.Parse(Arguments);
            var verb = Verb.Find(words.Words) ?? throw new UsageException($"There is no verb '{string.Join(' ', words.Words)}'.");
            if (words.Options.Except(verb.Options).Except(["--data", "--database", "--json"]).FirstOrDefault() is { } stranger)
            {
                throw new UsageException($"{verb.Name} has no option {stranger}. Usage: {verb.Name} {verb.Usage}");
            }

            var context = new VerbContext(engine, words.Skip(verb.WordCount), Input) { Out = output, Folder = Folder };
            await verb.RunAsync(context, cancellationToken);
            return new VerbResponse(context.Succeeded ? 0 : 1, output.ToString(), "");
        }
        catch (UsageException fault)
        {
            return new VerbResponse(1, output.ToString(), fault.Message + Environment.NewLine);
        }
        catch (RefusedException refused)
        {
            var field = refused.Refusal.Field is { } name ? name + ": " : "";
            return new VerbResponse(1, output.ToString(), field + RefusalText.English(refused.Refusal) + Environment.NewLine);
        }
    }
}

/// <summary>How a verb ended.</summary>
/// <param name="Code">Exit code: 0 or 1.</param>
/// <param name="Output">For standard output.</param>
/// <param name="Error">For standard error.</param>
internal sealed record VerbResponse(int Code, string Output, string Error);
