using MailPlus.Engine.Sieve.Runtime;

namespace MailPlus.Engine.Sieve.Extensions;

/// <summary>imap4flags (RFC 5232).</summary>
internal static class Imap4Flags
{
    private const int Maximum = 100;

    private static readonly IReadOnlyList<Parameter> Parameters = [new("variable name", ValueKind.Text), new("list of flags", ValueKind.Texts)];

    public static SieveExtension Extension { get; } = new("imap4flags",
    [
        Command("setflag", (_, given) => [.. given]),
        Command("addflag", (before, given) => [.. before, .. given]),
        Command("removeflag", (before, given) => [.. before.Where(flag => !given.Contains(flag, StringComparer.OrdinalIgnoreCase))]),
        new TestDefinition("hasflag", Test)
        {
            Extension = "imap4flags",
            Parameters = [new("variable list", ValueKind.Texts), new("list of flags", ValueKind.Texts)],
            FirstIsOptional = true,
            Tags = Matching.Tags,
        },
    ]);

    /// <summary>Flags of strings that may each name several, without doubles; what IMAP would not take is left out, as RFC 5232 2 asks.</summary>
    public static List<string> Read(IEnumerable<string> texts)
    {
        List<string> flags = [];
        foreach (var flag in texts.SelectMany(text => text.Split([' ', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries)))
        {
            if (flags.Count < Maximum && IsFlag(flag) && !flags.Contains(flag, StringComparer.OrdinalIgnoreCase))
            {
                flags.Add(flag);
            }
        }

        return flags;
    }

    private static bool IsFlag(string flag)
    {
        var name = flag.StartsWith('\\') ? flag[1..] : flag;
        return name.Length is > 0 and <= 200 && name.All(c => c is > ' ' and < '\x7f' && !"(){%*\"\\]".Contains(c, StringComparison.Ordinal))
            && (flag[0] != '\\' || name.ToUpperInvariant() is "SEEN" or "ANSWERED" or "FLAGGED" or "DELETED" or "DRAFT");
    }

    private static CommandDefinition Command(string name, Func<List<string>, List<string>, List<string>> change) => new(name, (a, c) =>
    {
        string? variable = null;
        if (a.HasPositional(0))
        {
            if (!c.Has("variables"))
            {
                c.Error(a.Line, $"the {name} command takes a variable only with require \"variables\"");
                return null;
            }

            variable = VariableNames.Settable(a, a.Text(0), c);
            if (variable is null)
            {
                return null;
            }
        }

        return new FlagStep(variable, a, change);
    })
    {
        Extension = "imap4flags",
        Parameters = Parameters,
        FirstIsOptional = true,
    };

    private static SieveTest? Test(CompiledArguments arguments, SieveCompiler compiler)
    {
        if (arguments.HasPositional(0) && !compiler.Has("variables"))
        {
            compiler.Error(arguments.Line, "the hasflag test takes variables only with require \"variables\"");
            return null;
        }

        return Matching.Of(arguments, compiler, arguments.Texts(1)) is { } matching ? new HasFlagTest(arguments, matching) : null;
    }

    private static List<string> Get(SieveRun run, string? variable) => variable is null ? run.Flags : Read([run.Variables.Get(variable)]);

    private sealed class FlagStep(string? variable, CompiledArguments arguments, Func<List<string>, List<string>, List<string>> change) : SieveStep
    {
        public override ValueTask<Flow> RunAsync(SieveRun run, CancellationToken cancellationToken)
        {
            var flags = Read(change(Get(run, variable), Read(arguments.Texts(1).Select(flag => flag.Expand(run)))));
            if (variable is null)
            {
                run.Flags = flags;
            }
            else
            {
                run.Variables.Set(variable, string.Join(' ', flags), Line);
            }

            return new(Flow.Next);
        }
    }

    private sealed class HasFlagTest(CompiledArguments arguments, Matching matching) : SieveTest
    {
        public override ValueTask<bool> HoldsAsync(SieveRun run, CancellationToken cancellationToken)
        {
            IReadOnlyList<string> flags = arguments.HasPositional(0)
                ? [.. arguments.Texts(0).SelectMany(name => Get(run, name.Expand(run).ToLowerInvariant()))]
                : run.Flags;
            var keys = matching.Type is "is" or "contains"
                ? [.. arguments.Texts(1).SelectMany(key => matching.Type == "contains" ? key.Expand(run).Split(' ', StringSplitOptions.RemoveEmptyEntries) : (IEnumerable<string>)Read([key.Expand(run)])).Select(SieveTemplate.Of)]
                : arguments.Texts(1);
            return matching.AnyAsync(run, flags, keys, cancellationToken);
        }
    }
}
