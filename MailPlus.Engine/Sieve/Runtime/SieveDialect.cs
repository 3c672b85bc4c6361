using MailPlus.Engine.Sieve.Extensions;
using MailPlus.Engine.Sieve.Language;

namespace MailPlus.Engine.Sieve.Runtime;

/// <summary>What the language knows here: commands, tests and extensions, and what the compiler allows. Immutable; one for the whole server.</summary>
internal sealed class SieveDialect
{
    /// <param name="extensions">Extensions beside the base language; those named "" belong to the base.</param>
    public SieveDialect(IEnumerable<SieveExtension> extensions)
    {
        foreach (var extension in extensions)
        {
            if (extension.Name.Length > 0)
            {
                Extensions.Add(extension.Name, extension);
            }

            foreach (var definition in extension.Definitions)
            {
                if (definition is CommandDefinition command)
                {
                    Commands[command.Name] = command;
                }
                else if (definition is TestDefinition test)
                {
                    Tests[test.Name] = test;
                }
            }
        }
    }

    /// <summary>Everything the language knows.</summary>
    public static SieveDialect Standard { get; } = new(StandardExtensions.All);

    /// <summary>What users may require: all but what rests on facts that nobody finds out here.</summary>
    public static SieveDialect Offered { get; } = new(StandardExtensions.All.Where(extension => extension.Name is not ("extlists" or "spamtest" or "spamtestplus" or "virustest")));

    public Dictionary<string, SieveExtension> Extensions { get; } = new(StringComparer.OrdinalIgnoreCase);

    public Dictionary<string, CommandDefinition> Commands { get; } = new(StringComparer.OrdinalIgnoreCase);

    public Dictionary<string, TestDefinition> Tests { get; } = new(StringComparer.OrdinalIgnoreCase);

    public SyntaxLimits SyntaxLimits { get; init; } = new();

    /// <summary>Scripts a script may include, in all and inside one another (RFC 6609 3.1).</summary>
    public int MaximumIncludes { get; init; } = 64;

    /// <summary>Includes inside one another.</summary>
    public int MaximumIncludeDepth { get; init; } = 10;

    /// <summary>Characters of a variable's value.</summary>
    public int MaximumVariable { get; init; } = 4000;

    /// <summary>Time for one regular expression on one value.</summary>
    public TimeSpan RegexTime { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Characters of a header field a script adds: encoding them costs more than their number.</summary>
    public int MaximumHeaderField { get; init; } = 4000;

    /// <summary>Addresses outside ASCII may be redirected to (RFC 6532).</summary>
    public bool AllowsUtf8Addresses { get; init; } = true;

    /// <summary>Namespaces of variables besides "global" (RFC 6609 3.4).</summary>
    public IReadOnlyList<string> Namespaces { get; init; } = [];

    /// <summary>The capabilities a client is told (RFC 5804 1.7).</summary>
    public IEnumerable<string> Announced => Extensions.Keys.Order(StringComparer.Ordinal);

    /// <summary>Commands that may stand before require: none in the language itself.</summary>
    public Func<string, bool> MayPrecedeRequire { get; init; } = _ => false;
}

/// <summary>The scripts that may be included, by place and name, loaded before compiling.</summary>
internal sealed class IncludedScripts
{
    public static IncludedScripts None { get; } = new();

    private readonly Dictionary<(bool IsGlobal, string Name), string?> _texts = [];

    public void Add(bool isGlobal, string name, string? text) => _texts[(isGlobal, name)] = text;

    public bool Knows(bool isGlobal, string name) => _texts.ContainsKey((isGlobal, name));

    public string? Find(bool isGlobal, string name) => _texts.GetValueOrDefault((isGlobal, name));
}

/// <summary>What goes for all scripts compiled together.</summary>
internal sealed class Compilation(SieveDialect dialect, IncludedScripts library, SieveProblems problems)
{
    public SieveDialect Dialect { get; } = dialect;

    public IncludedScripts Library { get; } = library;

    public SieveProblems Problems { get; } = problems;

    /// <summary>Included scripts being compiled: meeting one again is a circle.</summary>
    public HashSet<string> Open { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, CompiledScript?> Done { get; } = new(StringComparer.Ordinal);

    /// <summary>Mistakes that are told once, however often they are made.</summary>
    public HashSet<string> Told { get; } = new(StringComparer.Ordinal);
}
