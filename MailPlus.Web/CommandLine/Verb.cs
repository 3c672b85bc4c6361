using MailPlus.Engine.Hosting;

namespace MailPlus.Web.CommandLine;

/// <summary>What a verb works with. It runs inside the server when one runs, else in a process that has opened the data folder for itself.</summary>
internal sealed record VerbContext(EngineWiring Engine, CommandWords Words, string Input)
{
    /// <summary>Where results go.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>False makes the exit code 1 though the verb ran: what it looked for is wrong.</summary>
    public bool Succeeded { get; set; } = true;

    /// <summary>The folder that relative names in the words are relative to: the caller's, not the server's.</summary>
    public required string Folder { get; init; }

    /// <summary>A path among the words.</summary>
    public string Path(int index, string meaning) => System.IO.Path.GetFullPath(Words.Word(index, meaning), Folder);

    /// <summary>The password given on standard input: its first line.</summary>
    public string Password()
    {
        if (!Words.Has("--password-stdin"))
        {
            throw new UsageException("--password-stdin is missing: passwords are read from standard input only.");
        }

        var end = Input.IndexOfAny(['\r', '\n']);
        return end < 0 ? Input : Input[..end];
    }

    /// <summary>Prints rows: as JSON with --json, else as aligned columns.</summary>
    public void Print(IReadOnlyList<object> rows) => VerbOutput.Print(Out, rows, Words.Has("--json"));
}

/// <summary>A verb of the command line.</summary>
/// <param name="Name">One or two words, e.g. "account add".</param>
/// <param name="Usage">Its further words and options, for the help text.</param>
/// <param name="RunAsync">Does it; a refusal or usage fault is thrown.</param>
internal sealed record Verb(string Name, string Usage, Func<VerbContext, CancellationToken, Task> RunAsync)
{
    /// <summary>Options it knows beside --data and --json.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>Finds the verb of a command line; the words of its name are dropped from those it sees.</summary>
    public static Verb? Find(IReadOnlyList<string> words) =>
        VerbTable.All.FirstOrDefault(verb => words.Take(verb.WordCount).SequenceEqual(verb.Name.Split(' ')));

    /// <summary>Words its name has.</summary>
    public int WordCount => Name.Count(c => c == ' ') + 1;
}
