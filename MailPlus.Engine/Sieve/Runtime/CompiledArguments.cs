using MailPlus.Engine.Sieve.Language;

namespace MailPlus.Engine.Sieve.Runtime;

/// <summary>The arguments of a command or test after they were held against its definition.</summary>
internal sealed class CompiledArguments(SieveNode node)
{
    private readonly Dictionary<string, object?> _tags = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _chosen = new(StringComparer.Ordinal);
    private readonly List<object?> _positional = [];

    public SieveNode Node { get; } = node;

    public int Line => Node.Line;

    public IReadOnlyList<SieveTest> Tests { get; set; } = [];

    public IReadOnlyList<SieveStep> Block { get; set; } = [];

    public bool Has(string tag) => _tags.ContainsKey(tag);

    /// <summary>Which tag of a group was given, null when none was.</summary>
    public string? Chosen(string group) => _chosen.GetValueOrDefault(group);

    /// <summary>Whether the parameter was given: only an optional first one can be absent.</summary>
    public bool HasPositional(int index) => _positional[index] is not null;

    public ulong Number(int index) => (ulong)_positional[index]!;

    public SieveTemplate Text(int index) => ((IReadOnlyList<SieveTemplate>)_positional[index]!)[0];

    public IReadOnlyList<SieveTemplate> Texts(int index) => (IReadOnlyList<SieveTemplate>)_positional[index]!;

    public ulong? TagNumber(string tag) => (ulong?)_tags.GetValueOrDefault(tag);

    public SieveTemplate? TagText(string tag) => TagTexts(tag)?[0];

    public IReadOnlyList<SieveTemplate>? TagTexts(string tag) => (IReadOnlyList<SieveTemplate>?)_tags.GetValueOrDefault(tag);

    internal void Add(object? positional) => _positional.Add(positional);

    internal bool Add(Tag tag, object? value)
    {
        if (!_tags.TryAdd(tag.Name, value))
        {
            return false;
        }

        return tag.Group is null || _chosen.TryAdd(tag.Group, tag.Name);
    }
}
