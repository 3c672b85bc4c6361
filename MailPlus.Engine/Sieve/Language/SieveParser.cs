namespace MailPlus.Engine.Sieve.Language;

/// <summary>Reads a script into commands and tests (RFC 5228 8.2). After a mistake it goes on behind the next semicolon or block, so that several are told at once.</summary>
internal sealed class SieveParser
{
    private readonly SyntaxLimits _limits;
    private readonly SieveProblems _problems;
    private readonly SieveLexer _lexer;
    private SieveToken _token;
    private int _depth;
    private int _nodes;

    private SieveParser(string script, SyntaxLimits limits, SieveProblems problems)
    {
        (_limits, _problems) = (limits, problems);
        _lexer = new SieveLexer(script, limits, problems);
        _token = _lexer.Next();
    }

    /// <summary>The commands of a script; what is wrong with it is in <paramref name="problems"/>.</summary>
    public static IReadOnlyList<SieveNode> Parse(string script, SyntaxLimits limits, SieveProblems problems)
    {
        if (script.Length > limits.ScriptOctets)
        {
            problems.Error(1, "the script is too large");
            return [];
        }

        var parser = new SieveParser(script, limits, problems);
        var commands = parser.Commands();
        while (parser._token.Kind != SieveTokenKind.End)
        {
            problems.Error(parser._token.Line, "a brace closes what was not opened");
            parser.Advance();
            commands.AddRange(parser.Commands());
        }

        return commands;
    }

    private void Advance() => _token = _lexer.Next();

    private List<SieveNode> Commands()
    {
        List<SieveNode> commands = [];
        while (_token.Kind != SieveTokenKind.End && !_token.Is('}'))
        {
            if (Command() is { } command)
            {
                commands.Add(command);
            }
        }

        return commands;
    }

    private SieveNode? Command()
    {
        if (_token.Kind != SieveTokenKind.Identifier)
        {
            if (_token.Is(';'))
            {
                _problems.Error(_token.Line, "a semicolon without a command");
                Advance();
                return null;
            }

            Complain($"a command was expected, but {Shown()} was found");
            Recover();
            return null;
        }

        var (name, line) = (_token.Text, _token.Line);
        Advance();
        if (!Rest(name, out var arguments, out var tests, out var isList))
        {
            Recover();
            return null;
        }

        if (_token.Is(';'))
        {
            Advance();
            return Node(new SieveNode(name, arguments, tests, isList, null, line));
        }

        if (_token.Is('{'))
        {
            return Block(out var block) ? Node(new SieveNode(name, arguments, tests, isList, block, line)) : null;
        }

        Complain($"'{name}' must end with a semicolon or a block, but {Shown()} was found");
        if (_token.Kind != SieveTokenKind.Identifier && !_token.Is('}'))
        {
            Recover();
        }

        return null;
    }

    private bool Block(out List<SieveNode> block)
    {
        block = [];
        var line = _token.Line;
        if (_depth >= _limits.Nesting)
        {
            _problems.Error(line, $"blocks are nested deeper than {_limits.Nesting}");
            SkipBlock();
            return false;
        }

        _depth++;
        Advance();
        block = Commands();
        _depth--;
        if (!_token.Is('}'))
        {
            _problems.Error(line, "the block that begins here never ends");
            return false;
        }

        Advance();
        return true;
    }

    /// <summary>Arguments and tests after a name.</summary>
    private bool Rest(string name, out List<SieveArgument> arguments, out List<SieveNode> tests, out bool isList)
    {
        arguments = [];
        tests = [];
        isList = false;
        while (true)
        {
            if (Argument(out var argument) is not { } isArgument)
            {
                return false;
            }

            if (!isArgument)
            {
                break;
            }

            arguments.Add(argument!);
            if (arguments.Count > _limits.Arguments)
            {
                _problems.Error(_token.Line, $"'{name}' has more than {_limits.Arguments} arguments");
                return false;
            }
        }

        if (_token.Kind == SieveTokenKind.Identifier)
        {
            if (Test() is not { } test)
            {
                return false;
            }

            tests.Add(test);
            return true;
        }

        return !_token.Is('(') || TestList(tests, out isList);
    }

    private bool TestList(List<SieveNode> tests, out bool isList)
    {
        isList = true;
        if (_depth >= _limits.Nesting)
        {
            _problems.Error(_token.Line, $"tests are nested deeper than {_limits.Nesting}");
            return false;
        }

        _depth++;
        try
        {
            do
            {
                Advance();
                if (_token.Kind != SieveTokenKind.Identifier)
                {
                    Complain($"a test was expected, but {Shown()} was found");
                    return false;
                }

                if (Test() is not { } test)
                {
                    return false;
                }

                tests.Add(test);
            }
            while (_token.Is(','));
            if (!_token.Is(')'))
            {
                Complain($"a list of tests ends with a parenthesis, but {Shown()} was found");
                return false;
            }

            Advance();
            return true;
        }
        finally
        {
            _depth--;
        }
    }

    private SieveNode? Test()
    {
        var (name, line) = (_token.Text, _token.Line);
        if (_depth >= _limits.Nesting)
        {
            _problems.Error(line, $"tests are nested deeper than {_limits.Nesting}");
            return null;
        }

        _depth++;
        try
        {
            Advance();
            return Rest(name, out var arguments, out var tests, out var isList) ? Node(new SieveNode(name, arguments, tests, isList, null, line)) : null;
        }
        finally
        {
            _depth--;
        }
    }

    /// <summary>True with an argument, false when none stands here, null after a mistake.</summary>
    private bool? Argument(out SieveArgument? argument)
    {
        argument = null;
        var line = _token.Line;
        switch (_token.Kind)
        {
            case SieveTokenKind.Number:
                argument = new NumberArgument(_token.Number, line);
                Advance();
                return true;
            case SieveTokenKind.Tag:
                argument = new TagArgument(_token.Text, line);
                Advance();
                return true;
            case SieveTokenKind.Text:
                argument = new StringsArgument([_token.Text], false, line);
                Advance();
                return true;
            case SieveTokenKind.Mark when _token.Is('['):
                return Strings(out argument);
            case SieveTokenKind.Garbage:
                Complain($"{Shown()} is no part of the language");
                return null;
            default:
                return false;
        }
    }

    private bool? Strings(out SieveArgument? argument)
    {
        argument = null;
        var line = _token.Line;
        List<string> values = [];
        do
        {
            Advance();
            if (_token.Kind != SieveTokenKind.Text)
            {
                Complain($"a list holds strings only, but {Shown()} was found");
                return null;
            }

            if (values.Count == _limits.ListLength)
            {
                _problems.Error(line, $"the list has more than {_limits.ListLength} strings");
                return null;
            }

            values.Add(_token.Text);
            Advance();
        }
        while (_token.Is(','));
        if (!_token.Is(']'))
        {
            Complain($"a list of strings ends with a bracket, but {Shown()} was found");
            return null;
        }

        Advance();
        argument = new StringsArgument(values, true, line);
        return true;
    }

    private SieveNode? Node(SieveNode node)
    {
        if (++_nodes == _limits.Nodes)
        {
            _problems.Error(node.Line, $"the script has more than {_limits.Nodes} commands and tests");
        }

        return _nodes >= _limits.Nodes ? null : node;
    }

    /// <summary>A token that was complained about already says nothing again.</summary>
    private void Complain(string text)
    {
        if (_token.Kind != SieveTokenKind.Garbage || _token.Text.Length > 0)
        {
            _problems.Error(_token.Line, text);
        }
    }

    /// <summary>To behind the next semicolon or block of this depth, or before the brace that ends it.</summary>
    private void Recover()
    {
        while (_token.Kind != SieveTokenKind.End && !_token.Is('}'))
        {
            if (_token.Is('{'))
            {
                SkipBlock();
                return;
            }

            var isEnd = _token.Is(';');
            Advance();
            if (isEnd)
            {
                return;
            }
        }
    }

    private void SkipBlock()
    {
        var depth = 0;
        do
        {
            depth += _token.Is('{') ? 1 : _token.Is('}') ? -1 : 0;
            Advance();
        }
        while (depth > 0 && _token.Kind != SieveTokenKind.End);
    }

    private string Shown() => _token.Kind switch
    {
        SieveTokenKind.End => "the end of the script",
        SieveTokenKind.Identifier => $"'{_token.Text}'",
        SieveTokenKind.Tag => $"':{_token.Text}'",
        SieveTokenKind.Number => "a number",
        SieveTokenKind.Text => "a string",
        _ => $"'{_token.Text}'",
    };
}
