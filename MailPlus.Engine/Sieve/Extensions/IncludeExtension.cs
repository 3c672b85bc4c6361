using MailPlus.Engine.Sieve.Language;
using MailPlus.Engine.Sieve.Runtime;

namespace MailPlus.Engine.Sieve.Extensions;

/// <summary>include (RFC 6609).</summary>
internal static class IncludeExtension
{
    private const int LongestName = 256;

    public static SieveExtension Extension { get; } = new("include",
    [
        new CommandDefinition("include", Include)
        {
            Extension = "include",
            Parameters = [new("script name", ValueKind.Text)],
            Tags = [new("personal", Group: "place"), new("global", Group: "place"), new("once"), new("optional")],
        },
        new CommandDefinition("return", (_, _) => new ReturnStep()) { Extension = "include" },
        new CommandDefinition("global", Global) { Extension = "include", Parameters = [new("variables", ValueKind.Texts)] },
    ]);

    /// <summary>RFC 5804 1.6 and no slash, which would lead elsewhere.</summary>
    public static bool IsScriptName(string name) => name.Length is > 0 and <= LongestName && OctetText.IsWellFormed(name)
        && name.All(c => c is >= ' ' and not ('/' or '\x7f' or '\u2028' or '\u2029') and (< '\x80' or > '\x9f'));

    /// <summary>The scripts a script includes, as written: to be loaded before compiling.</summary>
    public static IEnumerable<(bool IsGlobal, string Name)> Names(IEnumerable<SieveNode> nodes)
    {
        var open = new Stack<SieveNode>(nodes);
        while (open.TryPop(out var node))
        {
            foreach (var inner in node.Block ?? [])
            {
                open.Push(inner);
            }

            if (node.Name == "include" && node.Arguments.OfType<StringsArgument>().FirstOrDefault() is { IsList: false } name)
            {
                yield return (node.Arguments.OfType<TagArgument>().Any(tag => tag.Name == "global"), name.Values[0]);
            }
        }
    }

    private static SieveStep? Include(CompiledArguments arguments, SieveCompiler compiler)
    {
        if (arguments.Text(0).Constant is not { } name)
        {
            compiler.Error(arguments.Line, "the name of an included script must be constant");
            return null;
        }

        if (!IsScriptName(name))
        {
            compiler.Error(arguments.Line, $"invalid name of a script '{name}'");
            return null;
        }

        var isGlobal = arguments.Chosen("place") == "global";
        var key = $"{(isGlobal ? "global" : "personal")}:{name}";
        if (compiler.All.Open.Contains(key))
        {
            if (arguments.Has("once"))
            {
                return null; // it is at work: once is now
            }

            compiler.Error(arguments.Line, $"the script '{name}' includes itself");
            return null;
        }

        if (compiler.Depth >= compiler.Dialect.MaximumIncludeDepth)
        {
            compiler.Error(arguments.Line, $"includes are nested deeper than {compiler.Dialect.MaximumIncludeDepth}");
            return null;
        }

        if (compiler.All.Library.Find(isGlobal, name) is not { } text)
        {
            if (!arguments.Has("optional"))
            {
                compiler.Error(arguments.Line, $"the included script '{name}' does not exist");
            }

            return null;
        }

        if (!compiler.All.Done.ContainsKey(key) && compiler.All.Done.Count + compiler.All.Open.Count >= compiler.Dialect.MaximumIncludes)
        {
            compiler.Error(arguments.Line, $"more than {compiler.Dialect.MaximumIncludes} scripts are included");
            return null;
        }

        if (compiler.Include(key, text) is not { } script)
        {
            compiler.Error(arguments.Line, $"the included script '{name}' does not compile");
            return null;
        }

        return new IncludeStep(script, key, arguments.Has("once"));
    }

    private static SieveStep? Global(CompiledArguments arguments, SieveCompiler compiler)
    {
        if (!compiler.Has("variables"))
        {
            compiler.Error(arguments.Line, "the global command needs: require \"variables\"");
            return null;
        }

        List<string> names = [];
        foreach (var name in arguments.Texts(0).Select(name => name.Constant?.ToLowerInvariant() ?? ""))
        {
            if (!VariableNames.IsIdentifier(name) || name.Contains('.', StringComparison.Ordinal))
            {
                compiler.Error(arguments.Line, $"invalid variable name '{name}'");
                return null;
            }

            if (compiler.Used.Contains(name) && !compiler.Globals.Contains(name))
            {
                compiler.Error(arguments.Line, $"the variable '{name}' was used as a local one before");
                return null;
            }

            compiler.Globals.Add(name);
            names.Add(name);
        }

        return new DoStep((run, _) =>
        {
            names.ForEach(run.Variables.DeclareGlobal);
            return ValueTask.CompletedTask;
        });
    }

    private sealed class ReturnStep : SieveStep
    {
        public override ValueTask<Flow> RunAsync(SieveRun run, CancellationToken cancellationToken) => new(new Flow(FlowKind.Return));
    }

    private sealed class IncludeStep(CompiledScript script, string key, bool once) : SieveStep
    {
        public override async ValueTask<Flow> RunAsync(SieveRun run, CancellationToken cancellationToken)
        {
            if (!run.Included.Add(key) && once)
            {
                return Flow.Next;
            }

            using (run.Variables.EnterScript())
            {
                var flow = await run.RunAsync(script.Steps, cancellationToken);
                return flow.Kind == FlowKind.Stop ? flow : Flow.Next;
            }
        }
    }
}
