using System.Text;

namespace MailPlus.Engine.Sieve.Runtime;

/// <summary>A string that may hold variables (RFC 5229 3).</summary>
internal abstract class SieveTemplate
{
    /// <summary>The text when no variable is in it.</summary>
    public virtual string? Constant => null;

    public static SieveTemplate Of(string constant) => new ConstantTemplate(constant);

    public abstract string Expand(SieveRun run);

    /// <summary>Reads <c>${name}</c> and <c>${1}</c>; what is no well-formed reference stays as it is.</summary>
    /// <param name="text">As written.</param>
    /// <param name="mistake">Told of references that cannot be.</param>
    public static SieveTemplate Parse(string text, Func<string, string?> mistake, Action<string> complain)
    {
        List<object>? parts = null;
        var from = 0;
        for (var at = text.IndexOf("${", StringComparison.Ordinal); at >= 0; at = text.IndexOf("${", at, StringComparison.Ordinal))
        {
            var end = Reference(text, at + 2);
            if (end < 0)
            {
                at += 2;
                continue;
            }

            var name = text[(at + 2)..end].ToLowerInvariant();
            if (mistake(name) is { } wrong)
            {
                complain(wrong);
                at = end;
                continue;
            }

            parts ??= [];
            if (at > from)
            {
                parts.Add(text[from..at]);
            }

            parts.Add(new VariableReference(name));
            at = from = end + 1;
        }

        if (parts is null)
        {
            return Of(text);
        }

        if (from < text.Length)
        {
            parts.Add(text[from..]);
        }

        return new VariableTemplate(parts);
    }

    /// <summary>Where the brace that ends a reference stands, -1 when it is none: a name with namespaces, or digits.</summary>
    private static int Reference(string text, int at)
    {
        var from = at;
        if (at < text.Length && char.IsAsciiDigit(text[at]))
        {
            while (at < text.Length && char.IsAsciiDigit(text[at]))
            {
                at++;
            }

            return at < text.Length && text[at] == '}' ? at : -1;
        }

        while (true)
        {
            if (at >= text.Length || !(char.IsAsciiLetter(text[at]) || text[at] == '_'))
            {
                return -1;
            }

            while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] == '_'))
            {
                at++;
            }

            if (at >= text.Length || text[at] is not ('}' or '.'))
            {
                return -1;
            }

            if (text[at] == '}')
            {
                return at;
            }

            at++;
            if (at < text.Length && char.IsAsciiDigit(text[at]))
            {
                // A namespace of numbers, as in ${env.0}: part of the syntax (RFC 5229 3), used by none.
                while (at < text.Length && char.IsAsciiDigit(text[at]))
                {
                    at++;
                }

                return at < text.Length && text[at] == '}' && at > from ? at : -1;
            }
        }
    }

    private sealed record VariableReference(string Name);

    private sealed class ConstantTemplate(string text) : SieveTemplate
    {
        public override string? Constant => text;

        public override string Expand(SieveRun run) => text;
    }

    private sealed class VariableTemplate(IReadOnlyList<object> parts) : SieveTemplate
    {
        public override string Expand(SieveRun run)
        {
            if (parts is [VariableReference only])
            {
                return run.Variables.Get(only.Name);
            }

            var text = new StringBuilder();
            foreach (var part in parts)
            {
                text.Append(part is VariableReference reference ? run.Variables.Get(reference.Name) : (string)part);
                if (text.Length > run.Limits.ExpandedText)
                {
                    return text.ToString(0, run.Limits.ExpandedText);
                }
            }

            return text.ToString();
        }
    }
}
