using MailPlus.Engine.Sieve.Language;

namespace MailPlus.Engine.Sieve.Runtime;

/// <summary>What a positional argument or a tag's value is.</summary>
internal enum ValueKind
{
    /// <summary>The tag stands alone.</summary>
    None,

    /// <summary>A number.</summary>
    Number,

    /// <summary>One string.</summary>
    Text,

    /// <summary>A list of strings, or one.</summary>
    Texts,
}

/// <summary>What tests a command or test takes (RFC 5228 2.6.3).</summary>
internal enum SubTests
{
    /// <summary>None.</summary>
    None,

    /// <summary>Exactly one, bare.</summary>
    One,

    /// <summary>A list in parentheses.</summary>
    Many,
}

/// <summary>A positional argument.</summary>
internal sealed record Parameter(string Name, ValueKind Kind);

/// <summary>A tag a command or test knows.</summary>
/// <param name="Name">Without the colon.</param>
/// <param name="Value">What follows it.</param>
/// <param name="Extension">The extension that brings it; null for the base language.</param>
/// <param name="Group">Tags of one group exclude one another.</param>
internal sealed record Tag(string Name, ValueKind Value = ValueKind.None, string? Extension = null, string? Group = null)
{
    /// <summary>Any further extension that brings it too.</summary>
    public string? OrExtension { get; init; }
}

/// <summary>A command or a test: what it is called and takes.</summary>
internal abstract record Definition(string Name)
{
    /// <summary>The extension that has to be required; null for the base language.</summary>
    public string? Extension { get; init; }

    /// <summary>Any further extension that brings it too.</summary>
    public string? OrExtension { get; init; }

    public IReadOnlyList<Parameter> Parameters { get; init; } = [];

    /// <summary>The first parameter may be left out.</summary>
    public bool FirstIsOptional { get; init; }

    /// <summary>The last parameter may be left out.</summary>
    public bool LastIsOptional { get; init; }

    public IReadOnlyList<Tag> Tags { get; init; } = [];

    public SubTests Tests { get; init; }

    public abstract string Kind { get; }
}

/// <summary>A command; <paramref name="Make"/> returns null when there is nothing to do or after telling a problem.</summary>
internal sealed record CommandDefinition(string Name, Func<CompiledArguments, SieveCompiler, SieveStep?> Make) : Definition(Name)
{
    public override string Kind => "command";

    public bool HasBlock { get; init; }
}

/// <summary>A test.</summary>
internal sealed record TestDefinition(string Name, Func<CompiledArguments, SieveCompiler, SieveTest?> Make) : Definition(Name)
{
    public override string Kind => "test";
}

/// <summary>A capability a script requires.</summary>
internal sealed record SieveExtension(string Name, IReadOnlyList<Definition> Definitions)
{
    /// <summary>What this one brings besides itself.</summary>
    public IReadOnlyList<string> Implies { get; init; } = [];

    /// <summary>What must be required beside it.</summary>
    public IReadOnlyList<string> Needs { get; init; } = [];

    /// <summary>Extensions it cannot be used with.</summary>
    public IReadOnlyList<string> Excludes { get; init; } = [];
}

/// <summary>Where a run goes on after a command.</summary>
internal readonly record struct Flow(FlowKind Kind, string? Loop = null)
{
    public static Flow Next => default;
}

/// <summary>Kinds of <see cref="Flow"/>.</summary>
internal enum FlowKind
{
    /// <summary>With the next command.</summary>
    Next,

    /// <summary>Nowhere.</summary>
    Stop,

    /// <summary>Behind the include of this script.</summary>
    Return,

    /// <summary>Behind a loop.</summary>
    Break,
}

/// <summary>A command ready to run.</summary>
internal abstract class SieveStep
{
    public int Line { get; set; }

    public abstract ValueTask<Flow> RunAsync(SieveRun run, CancellationToken cancellationToken);
}

/// <summary>A test ready to run.</summary>
internal abstract class SieveTest
{
    public int Line { get; set; }

    public abstract ValueTask<bool> HoldsAsync(SieveRun run, CancellationToken cancellationToken);
}

/// <summary>A script ready to run.</summary>
internal sealed class CompiledScript
{
    public IReadOnlyList<SieveStep> Steps { get; set; } = [];

    /// <summary>The extensions it requires.</summary>
    public IReadOnlySet<string> Requires { get; set; } = new HashSet<string>();

    public string Name { get; init; } = "";
}

/// <summary>A mistake that shows only when the script runs.</summary>
internal sealed class SieveRuntimeException(int line, string text) : Exception(text)
{
    public SieveProblem Problem { get; } = new(line, text);
}
