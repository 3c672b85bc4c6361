namespace MailPlus.Engine.Sieve.Language;

/// <summary>Something wrong with a script, for the person who wrote it.</summary>
/// <param name="Line">Line, from 1.</param>
/// <param name="Text">What, in English as Sieve's words are.</param>
/// <param name="IsWarning">The script runs nevertheless.</param>
public sealed record SieveProblem(int Line, string Text, bool IsWarning = false)
{
    /// <inheritdoc/>
    public override string ToString() => $"line {Line}: {Text}";
}

/// <summary>The problems of one compilation, as many as are worth reading.</summary>
internal sealed class SieveProblems(int maximum = 100)
{
    private readonly List<SieveProblem> _list = [];

    /// <summary>In the order they were found.</summary>
    public IReadOnlyList<SieveProblem> List => _list;

    /// <summary>True when the script cannot run.</summary>
    public bool HasErrors { get; private set; }

    public void Error(int line, string text)
    {
        HasErrors = true;
        Add(new SieveProblem(line, text));
    }

    public void Warn(int line, string text) => Add(new SieveProblem(line, text, IsWarning: true));

    private void Add(SieveProblem problem)
    {
        if (_list.Count < maximum)
        {
            _list.Add(problem);
        }
    }
}
