namespace MailPlus.Engine.Sieve.Language;

/// <summary>What a script may use up before anybody runs it (RFC 5228 2.10.2).</summary>
internal sealed record SyntaxLimits
{
    /// <summary>Octets of a script.</summary>
    public int ScriptOctets { get; init; } = 1024 * 1024;

    /// <summary>Characters of an identifier or tag.</summary>
    public int Identifier { get; init; } = 32;

    /// <summary>Blocks and tests inside one another.</summary>
    public int Nesting { get; init; } = 32;

    /// <summary>Arguments of a command or test.</summary>
    public int Arguments { get; init; } = 32;

    /// <summary>Strings of a list.</summary>
    public int ListLength { get; init; } = 4096;

    /// <summary>Commands and tests of a script.</summary>
    public int Nodes { get; init; } = 20_000;
}

/// <summary>An argument as written.</summary>
internal abstract record SieveArgument(int Line)
{
    /// <summary>What it is, for messages.</summary>
    public abstract string Kind { get; }
}

/// <summary>A number, with its quantifier multiplied in.</summary>
internal sealed record NumberArgument(ulong Value, int Line) : SieveArgument(Line)
{
    public override string Kind => "number";
}

/// <summary>A tag; the name without its colon, in lower case.</summary>
internal sealed record TagArgument(string Name, int Line) : SieveArgument(Line)
{
    public override string Kind => "tag";
}

/// <summary>A string, or a list of them.</summary>
internal sealed record StringsArgument(IReadOnlyList<string> Values, bool IsList, int Line) : SieveArgument(Line)
{
    public override string Kind => IsList ? "string list" : "string";
}

/// <summary>A command or a test as written (RFC 5228 8.2).</summary>
/// <param name="Name">In lower case.</param>
/// <param name="Arguments">Its arguments in order.</param>
/// <param name="Tests">Its tests.</param>
/// <param name="IsTestList">The tests stand in parentheses.</param>
/// <param name="Block">The commands between its braces; null without braces.</param>
/// <param name="Line">Where it begins.</param>
internal sealed record SieveNode(string Name, IReadOnlyList<SieveArgument> Arguments, IReadOnlyList<SieveNode> Tests, bool IsTestList, IReadOnlyList<SieveNode>? Block, int Line);
