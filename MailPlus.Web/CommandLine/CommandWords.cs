namespace MailPlus.Web.CommandLine;

/// <summary>The words of a command line: positional words in order, and options. An option that takes a value is <c>--name VALUE</c> or <c>--name=VALUE</c>.</summary>
internal sealed class CommandWords
{
    private static readonly HashSet<string> Flags = new(StringComparer.Ordinal) { "--json", "--password-stdin", "--loopback-lab", "--help", "--admin-role", "--all", "--failures", "--version", "--ready", "--trial" };

    private readonly Dictionary<string, string> _options;

    private CommandWords(IReadOnlyList<string> words, Dictionary<string, string> options)
    {
        Words = words;
        _options = options;
    }

    /// <summary>Positional words.</summary>
    internal IReadOnlyList<string> Words { get; }

    /// <summary>Names of the options given.</summary>
    internal IEnumerable<string> Options => _options.Keys;

    /// <summary>Reads a command line.</summary>
    /// <exception cref="UsageException">An option lacks its value or comes twice.</exception>
    internal static CommandWords Parse(IReadOnlyList<string> arguments)
    {
        var words = new List<string>();
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            if (!argument.StartsWith("--", StringComparison.Ordinal) || argument.Length == 2)
            {
                words.Add(argument == "-h" ? "help" : argument);
                continue;
            }

            var equals = argument.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? argument : argument[..equals];
            string value;
            if (Flags.Contains(name) && equals < 0)
            {
                value = "true";
            }
            else if (equals >= 0)
            {
                value = argument[(equals + 1)..];
            }
            else if (++i < arguments.Count)
            {
                value = arguments[i];
            }
            else
            {
                throw new UsageException($"{name} needs a value.");
            }

            if (!options.TryAdd(name, value))
            {
                throw new UsageException($"{name} is given twice.");
            }
        }

        return new CommandWords(words, options);
    }

    /// <summary>The same without the first words: those of the verb's name.</summary>
    internal CommandWords Skip(int count) => new([.. Words.Skip(count)], _options);

    internal bool Has(string name) => _options.ContainsKey(name);

    internal string? Find(string name) => _options.GetValueOrDefault(name);

    internal string Require(string name) => Find(name) ?? throw new UsageException($"{name} is missing.");

    /// <summary>The positional word at a place.</summary>
    internal string Word(int index, string meaning) => index < Words.Count ? Words[index] : throw new UsageException($"{meaning} is missing.");
}

/// <summary>The command line makes no sense; the message says what to change.</summary>
internal sealed class UsageException(string message) : Exception(message);
