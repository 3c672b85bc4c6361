using MailPlus.Engine.Sieve.Extensions;
using MailPlus.Engine.Sieve.Language;

namespace MailPlus.Engine.Sieve.Runtime;

/// <summary>Makes a script ready to run: knows its commands and tests, checks their arguments, tells all mistakes at once.</summary>
internal sealed class SieveCompiler
{
    private readonly Compilation _all;
    private readonly HashSet<string> _required = new(StringComparer.OrdinalIgnoreCase);
    private bool _isHead = true;

    private SieveCompiler(Compilation all, string name, int depth)
    {
        _all = all;
        Script = name;
        Depth = depth;
    }

    public SieveDialect Dialect => _all.Dialect;

    public SieveProblems Problems => _all.Problems;

    /// <summary>The script being compiled.</summary>
    public string Script { get; }

    /// <summary>How many includes lead here.</summary>
    public int Depth { get; }

    /// <summary>What goes for all scripts compiled together.</summary>
    public Compilation All => _all;

    /// <summary>Loops around the present command, inner ones last; null is one without a name.</summary>
    public List<string?> Loops { get; } = [];

    /// <summary>Variables declared global here (RFC 6609 3.3).</summary>
    public HashSet<string> Globals { get; } = new(StringComparer.Ordinal);

    /// <summary>Variables set before; to see whether a global declaration comes too late.</summary>
    public HashSet<string> Used { get; } = new(StringComparer.Ordinal);

    /// <summary>Compiles a script and those it includes.</summary>
    /// <param name="text">The script.</param>
    /// <param name="dialect">What the language knows.</param>
    /// <param name="library">Scripts that may be included, loaded already.</param>
    /// <param name="problems">Gets what is wrong.</param>
    /// <returns>Null when the script cannot run.</returns>
    public static CompiledScript? Compile(string text, SieveDialect dialect, IncludedScripts library, SieveProblems problems)
    {
        var all = new Compilation(dialect, library, problems);
        return new SieveCompiler(all, "", 0).Compile(text);
    }

    /// <summary>Compiles an included script once.</summary>
    public CompiledScript? Include(string key, string text)
    {
        if (_all.Done.TryGetValue(key, out var done))
        {
            return done;
        }

        _all.Open.Add(key);
        var script = new SieveCompiler(_all, key, Depth + 1).Compile(text);
        _all.Open.Remove(key);
        _all.Done[key] = script;
        return script;
    }

    /// <summary>Whether the script required the extension, or another that brings it.</summary>
    public bool Has(string extension) => _required.Contains(extension);

    public void Error(int line, string text) => Problems.Error(line, Script.Length == 0 ? text : $"{Script}: {text}");

    public void Warn(int line, string text) => Problems.Warn(line, Script.Length == 0 ? text : $"{Script}: {text}");

    /// <summary>Makes an extension usable; a problem when it is unknown.</summary>
    public bool Require(string name, int line)
    {
        if (!Dialect.Extensions.TryGetValue(name, out var extension))
        {
            Error(line, $"unknown extension '{name}'");
            return false;
        }

        if (extension.Excludes.FirstOrDefault(_required.Contains) is { } rival)
        {
            Error(line, $"extension '{name}' cannot be used together with '{rival}'");
            return false;
        }

        _required.Add(extension.Name);
        _required.UnionWith(extension.Implies);
        return true;
    }

    /// <summary>The same for ihave, whose test tells instead (RFC 5463 4).</summary>
    public void RequireQuietly(string name) => Require(name, 0);

    public IReadOnlyList<SieveStep> Block(IReadOnlyList<SieveNode>? nodes)
    {
        if (nodes is null)
        {
            return [];
        }

        List<SieveStep> steps = [];
        SieveNode? before = null;
        List<IfBranch>? chain = null;
        foreach (var node in nodes)
        {
            if (node.Name == "require" && (!_isHead || Loops.Count > 0))
            {
                Error(node.Line, "require commands stand before all others, at the top level");
                before = node;
                continue;
            }

            _isHead = _isHead && (node.Name == "require" || Dialect.MayPrecedeRequire(node.Name));
            if (node.Name is "elsif" or "else" && chain is null)
            {
                if (before?.Name is not ("elsif" or "else") || before is { Block: null })
                {
                    Error(node.Line, $"'{node.Name}' must follow 'if' or 'elsif'");
                }
                else if (before.Name == "else")
                {
                    Error(node.Line, $"'{node.Name}' cannot follow 'else'");
                }

                Branch(node);
                before = node;
                continue;
            }

            if (node.Name is "if" or "elsif" or "else")
            {
                if (node.Name == "if")
                {
                    chain = [];
                    steps.Add(new IfStep(chain) { Line = node.Line });
                }

                chain!.Add(Branch(node));
                chain = node.Name == "else" ? null : chain;
                before = node;
                continue;
            }

            (chain, before) = (null, node);
            if (Command(node) is { } step)
            {
                step.Line = node.Line;
                steps.Add(step);
            }
        }

        return steps;
    }

    public SieveTest? Test(SieveNode node)
    {
        if (Known(Dialect.Tests, node.Name) is not { } test)
        {
            Error(node.Line, Known(Dialect.Commands, node.Name) is null ? $"unknown test '{node.Name}'{Hint(node.Name)}" : $"attempted to use command '{node.Name}' as test");
            return null;
        }

        if (Arguments(node, test) is not { } arguments)
        {
            return null;
        }

        var made = test.Make(arguments, this);
        if (made is not null)
        {
            made.Line = node.Line;
        }

        return made;
    }

    /// <summary>A string argument as it will be expanded.</summary>
    public SieveTemplate Template(string text, int line)
    {
        if (Has("encoded-character"))
        {
            text = EncodedCharacters.Decode(text, wrong => Error(line, wrong));
        }

        return Has("variables")
            ? SieveTemplate.Parse(text, name => VariableNames.Mistake(name, this), wrong => Error(line, wrong))
            : SieveTemplate.Of(text);
    }

    private CompiledScript? Compile(string text)
    {
        var script = new CompiledScript { Name = Script };
        var nodes = SieveParser.Parse(text, Dialect.SyntaxLimits, Problems);
        if (Problems.HasErrors)
        {
            return null;
        }

        script.Steps = Block(nodes);
        script.Requires = _required;
        CheckNeeds();
        return Problems.HasErrors ? null : script;
    }

    /// <summary>Extensions that mean nothing without others (RFC 5703 6).</summary>
    private void CheckNeeds()
    {
        if (Problems.HasErrors)
        {
            return;
        }

        foreach (var name in _required)
        {
            if (Dialect.Extensions[name].Needs.FirstOrDefault(other => !_required.Contains(other)) is { } lacking)
            {
                Error(1, $"extension '{name}' needs: require \"{lacking}\"");
            }
        }
    }

    private IfBranch Branch(SieveNode node)
    {
        var isElse = node.Name == "else";
        SieveTest? test = null;
        var isRight = true;
        if (node.Arguments.Count > 0)
        {
            Error(node.Arguments[0].Line, $"the {node.Name} command accepts no arguments, but a {node.Arguments[0].Kind} was found");
            isRight = false;
        }
        else if (isElse && node.Tests.Count > 0)
        {
            Error(node.Line, node.Tests[0].Name == "if" ? "'else if' is written 'elsif'" : "the else command accepts no tests");
            isRight = false;
        }
        else if (!isElse && node.IsTestList)
        {
            Error(node.Line, $"the {node.Name} command takes one test, not a list");
            isRight = false;
        }
        else if (!isElse && node.Tests.Count == 0)
        {
            Error(node.Line, $"the {node.Name} command requires a test, but none is specified");
            isRight = false;
        }

        if (node.Block is null && isRight)
        {
            Error(node.Line, $"the {node.Name} command requires a block");
        }

        if (isRight && !isElse)
        {
            test = Test(node.Tests[0]);
        }

        // A block behind an ihave that cannot hold may use words nobody knows (RFC 5463 4).
        var steps = test is ConstantTest { Value: false, HidesUnknown: true } ? [] : Block(node.Block);
        return new IfBranch(test, steps);
    }

    private SieveStep? Command(SieveNode node)
    {
        if (Known(Dialect.Commands, node.Name) is not { } command)
        {
            Error(node.Line, Known(Dialect.Tests, node.Name) is null ? $"unknown command '{node.Name}'{Hint(node.Name)}" : $"attempted to use test '{node.Name}' as command");
            return null;
        }

        if (node.Block is null && command.HasBlock)
        {
            Error(node.Line, $"the {node.Name} command requires a block");
            return null;
        }

        if (Arguments(node, command) is not { } arguments)
        {
            return null;
        }

        if (node.Block is not null && !command.HasBlock)
        {
            Error(node.Line, $"the {node.Name} command accepts no block");
            return null;
        }

        return command.Make(arguments, this);
    }

    private T? Known<T>(Dictionary<string, T> definitions, string name)
        where T : Definition =>
        definitions.GetValueOrDefault(name) is { } definition && (definition.Extension is null || Has(definition.Extension) || (definition.OrExtension is { } other && Has(other))) ? definition : null;

    private string Hint(string name) => ((Definition?)Dialect.Commands.GetValueOrDefault(name) ?? Dialect.Tests.GetValueOrDefault(name)) is { Extension: { } extension }
        ? $" (it needs: require \"{extension}\")"
        : "";

    private CompiledArguments? Arguments(SieveNode node, Definition definition)
    {
        var what = $"{definition.Name} {definition.Kind}";
        var arguments = new CompiledArguments(node);
        List<SieveArgument> positional = [];
        for (var i = 0; i < node.Arguments.Count; i++)
        {
            if (node.Arguments[i] is not TagArgument given)
            {
                positional.Add(node.Arguments[i]);
                continue;
            }

            var tag = definition.Tags.FirstOrDefault(tag => tag.Name == given.Name && IsKnown(tag));
            if (tag is null)
            {
                var lacking = definition.Tags.FirstOrDefault(tag => tag.Name == given.Name)?.Extension;
                if (_all.Told.Add($"{Script}\n{what}\n{given.Name}"))
                {
                    Error(given.Line, $"unknown tagged argument ':{given.Name}' for the {what}{(lacking is null ? "" : $" (it needs: require \"{lacking}\")")} (told once)");
                }

                return null;
            }

            if (positional.Count > 0)
            {
                Error(given.Line, $"unexpected tagged argument ':{given.Name}' behind positional arguments of the {what}");
                return null;
            }

            object? value = null;
            if (tag.Value != ValueKind.None)
            {
                i++;
                if (i >= node.Arguments.Count || !Fits(node.Arguments[i], tag.Value))
                {
                    Error(given.Line, $"the ':{given.Name}' tag of the {what} requires a {Words(tag.Value)}{(i < node.Arguments.Count ? $", but a {node.Arguments[i].Kind} was found" : "")}");
                    return null;
                }

                value = Value(node.Arguments[i]);
            }

            if (!arguments.Add(tag, value))
            {
                Error(given.Line, $"unexpected tagged argument ':{given.Name}' of the {what}: it or one that excludes it was given before");
                return null;
            }
        }

        var isRight = Positional(arguments, definition, positional, what);
        return SubTestsOf(arguments, definition, what, isRight) && isRight ? arguments : null;
    }

    private bool IsKnown(Tag tag) => tag.Extension is null || Has(tag.Extension) || (tag.OrExtension is { } other && Has(other));

    private bool Positional(CompiledArguments arguments, Definition definition, List<SieveArgument> given, string what)
    {
        var wanted = definition.Parameters;
        var skip = definition.FirstIsOptional && given.Count == wanted.Count - 1 ? 1 : 0;
        if (skip == 1)
        {
            arguments.Add(null);
        }

        for (var i = 0; i < given.Count && i + skip < wanted.Count; i++)
        {
            var parameter = wanted[i + skip];
            if (!Fits(given[i], parameter.Kind))
            {
                Error(given[i].Line, $"the {what} expects a {Words(parameter.Kind)} as argument {i + 1} ({parameter.Name}), but a {given[i].Kind} was found");
                return false;
            }

            arguments.Add(Value(given[i]));
        }

        if (definition.LastIsOptional && given.Count == wanted.Count - 1)
        {
            arguments.Add(null);
            return true;
        }

        if (given.Count + skip < wanted.Count)
        {
            Error(arguments.Line, $"the {what} requires {wanted.Count - (definition.FirstIsOptional || definition.LastIsOptional ? 1 : 0)} positional argument(s), but {given.Count} is specified");
            return false;
        }

        if (given.Count + skip > wanted.Count)
        {
            Error(given[wanted.Count - skip].Line, $"the {what} accepts {wanted.Count} positional argument(s), but a {given[wanted.Count - skip].Kind} follows them");
            return false;
        }

        return true;
    }

    private bool SubTestsOf(CompiledArguments arguments, Definition definition, string what, bool isRight)
    {
        var node = arguments.Node;
        var stray = node.Tests.FirstOrDefault(test => !Dialect.Tests.ContainsKey(test.Name));
        if (definition.Tests == SubTests.None && node.Tests.Count > 0)
        {
            if (stray is null || node.IsTestList)
            {
                return Wrong($"the {what} accepts no sub-tests, but tests are specified");
            }

            return definition is CommandDefinition
                ? Wrong($"missing semicolon after the {what}, or unknown test '{stray.Name}'")
                : Wrong(definition.Tags.Any(tag => tag.Name == stray.Name) ? $"missing colon before the '{stray.Name}' tag of the {what}" : $"the {what} is followed by '{stray.Name}', which is no test");
        }

        if (!isRight)
        {
            return false;
        }

        switch (definition.Tests)
        {
            case SubTests.One when node.IsTestList || node.Tests.Count != 1:
                return Wrong(node.Tests.Count == 0 ? $"the {what} requires a test, but none is specified" : $"the {what} takes one test, not a list");
            case SubTests.Many when !node.IsTestList:
                return Wrong($"the {what} requires a list of tests in parentheses");
            default:
                var tests = node.Tests.Select(Test).ToList();
                arguments.Tests = [.. tests.OfType<SieveTest>()];
                return !tests.Contains(null);
        }

        bool Wrong(string text)
        {
            Error(node.Line, text);
            return false;
        }
    }

    private object Value(SieveArgument argument) => argument switch
    {
        NumberArgument number => number.Value,
        StringsArgument texts => (IReadOnlyList<SieveTemplate>)[.. texts.Values.Select(text => Template(text, texts.Line))],
        _ => throw new InvalidOperationException("a tag is no value"),
    };

    private static bool Fits(SieveArgument argument, ValueKind kind) => kind switch
    {
        ValueKind.Number => argument is NumberArgument,
        ValueKind.Text => argument is StringsArgument { IsList: false },
        _ => argument is StringsArgument,
    };

    private static string Words(ValueKind kind) => kind switch { ValueKind.Number => "number", ValueKind.Text => "string", _ => "string list" };
}
