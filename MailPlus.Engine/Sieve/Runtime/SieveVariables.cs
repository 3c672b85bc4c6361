using System.Text;

namespace MailPlus.Engine.Sieve.Runtime;

/// <summary>Variables of a run (RFC 5229): those of the present script, the global ones (RFC 6609 3.3), match values, and namespaces.</summary>
internal sealed class SieveVariables(int maximumOctets)
{
    /// <summary>Variables a run may set.</summary>
    public const int MaximumCount = 255;

    /// <summary>Match variables kept: ${0} to ${31}.</summary>
    public const int MaximumMatches = 32;

    /// <summary>Octets of a value in UTF-8.</summary>
    public int MaximumOctets { get; set; } = maximumOctets;

    private readonly Dictionary<string, string> _global = new(StringComparer.Ordinal);
    private Dictionary<string, string> _own = new(StringComparer.Ordinal);
    private HashSet<string> _shared = new(StringComparer.Ordinal);
    private IReadOnlyList<string> _matches = [];

    /// <summary>Answers names like "env.location"; null is empty.</summary>
    public Func<string, string?> Namespace { get; set; } = _ => null;

    /// <summary>The value, empty when never set.</summary>
    public string Get(string name)
    {
        if (char.IsAsciiDigit(name[0]))
        {
            return int.TryParse(name, out var index) && index < _matches.Count ? _matches[index] : "";
        }

        if (name.StartsWith("global.", StringComparison.Ordinal))
        {
            return _global.GetValueOrDefault(name[7..], "");
        }

        return name.Contains('.', StringComparison.Ordinal)
            ? Namespace(name) ?? ""
            : (_shared.Contains(name) ? _global : _own).GetValueOrDefault(name, "");
    }

    /// <summary>Sets a variable; a longer value is cut between characters.</summary>
    /// <exception cref="SieveRuntimeException">Too many variables.</exception>
    public void Set(string name, string value, int line)
    {
        var (place, key) = name.StartsWith("global.", StringComparison.Ordinal) ? (_global, name[7..]) : (_shared.Contains(name) ? _global : _own, name);
        if (!place.ContainsKey(key) && place.Count >= MaximumCount)
        {
            throw new SieveRuntimeException(line, $"more than {MaximumCount} variables");
        }

        place[key] = Cut(value);
    }

    /// <summary>At most as many octets of UTF-8 as a variable holds.</summary>
    public string Cut(string value)
    {
        if (value.Length * 3 <= MaximumOctets)
        {
            return value;
        }

        var octets = 0;
        for (var i = 0; i < value.Length;)
        {
            var (length, size) = Rune.TryGetRuneAt(value, i, out var rune) ? (rune.Utf16SequenceLength, rune.Utf8SequenceLength) : (1, 1);
            octets += size;
            if (octets > MaximumOctets)
            {
                return value[..i];
            }

            i += length;
        }

        return value;
    }

    public void DeclareGlobal(string name)
    {
        _shared.Add(name);
        _own.Remove(name);
    }

    /// <summary>Match values of the last match with wildcards (RFC 5229 3.2).</summary>
    public IReadOnlyList<string> Matches => _matches;

    /// <summary>Sets them.</summary>
    public void SetMatches(IReadOnlyList<string> values) => _matches = [.. values.Take(MaximumMatches).Select(Cut)];

    /// <summary>A script of its own sees only the global ones until the result is disposed.</summary>
    public IDisposable EnterScript()
    {
        var (own, shared) = (_own, _shared);
        (_own, _shared) = (new Dictionary<string, string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        return new Leaving(() => (_own, _shared) = (own, shared));
    }

    private sealed class Leaving(Action leave) : IDisposable
    {
        public void Dispose() => leave();
    }
}
