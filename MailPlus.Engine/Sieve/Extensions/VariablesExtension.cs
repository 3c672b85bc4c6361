using System.Globalization;
using System.Text;
using MailPlus.Engine.Sieve.Runtime;

namespace MailPlus.Engine.Sieve.Extensions;

/// <summary>variables (RFC 5229), with the modifiers of other extensions.</summary>
internal static class VariablesExtension
{
    private static readonly IReadOnlyList<Tag> Modifiers =
    [
        new("lower", Group: "40"), new("upper", Group: "40"), new("lowerfirst", Group: "30"), new("upperfirst", Group: "30"), new("quotewildcard", Group: "20"),
        new("quoteregex", Extension: "regex", Group: "20"), new("encodeurl", Extension: "enotify", Group: "15"), new("length", Group: "10"),
    ];

    /// <summary>The modifiers as tags of other commands.</summary>
    public static IReadOnlyList<Tag> ModifierTags => Modifiers;

    public static SieveExtension Extension { get; } = new("variables",
    [
        new CommandDefinition("set", Set)
        {
            Extension = "variables",
            Parameters = [new("name", ValueKind.Text), new("value", ValueKind.Text)],
            Tags = Modifiers,
        },
        new TestDefinition("string", StringTest.Make)
        {
            Extension = "variables",
            Parameters = [new("source", ValueKind.Texts), new("key list", ValueKind.Texts)],
            Tags = Matching.Tags,
        },
    ]);

    /// <summary>Applies modifiers, those of higher precedence first (RFC 5229 4.1).</summary>
    public static string Modify(string value, CompiledArguments arguments, SieveRun run)
    {
        foreach (var group in Modifiers.Select(tag => tag.Group!).Distinct().OrderDescending(StringComparer.Ordinal))
        {
            if (arguments.Chosen(group) is { } modifier)
            {
                value = run.Variables.Cut(One(value, modifier, run));
            }
        }

        return value;
    }

    private static SieveStep? Set(CompiledArguments arguments, SieveCompiler compiler)
    {
        if (VariableNames.Settable(arguments, arguments.Text(0), compiler) is not { } name)
        {
            return null;
        }

        return new SetStep(name, arguments);
    }

    private static string One(string value, string modifier, SieveRun run)
    {
        switch (modifier)
        {
            case "lower":
                return value.ToLowerInvariant();
            case "upper":
                return value.ToUpperInvariant();
            case "lowerfirst":
                return value.Length == 0 ? value : char.ToLowerInvariant(value[0]) + value[1..];
            case "upperfirst":
                return value.Length == 0 ? value : char.ToUpperInvariant(value[0]) + value[1..];
            case "quotewildcard":
                return Quote(value, "*?\\", run);
            case "quoteregex":
                return Quote(value, "*?+\\^$.[](){}|", run);
            case "encodeurl":
                return EncodeUrl(value, run);
            default:
                return value.EnumerateRunes().Count().ToString(CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Never half a pair of backslash and character at the end of a variable.</summary>
    private static string Quote(string value, string special, SieveRun run)
    {
        var text = new StringBuilder(value.Length + 16);
        var octets = 0;
        foreach (var rune in value.EnumerateRunes())
        {
            var isSpecial = rune.IsAscii && special.Contains((char)rune.Value, StringComparison.Ordinal);
            octets += rune.Utf8SequenceLength + (isSpecial ? 1 : 0);
            if (octets > run.Variables.MaximumOctets)
            {
                break;
            }

            text.Append(isSpecial ? "\\" : "").Append(rune);
        }

        return text.ToString();
    }

    private static string EncodeUrl(string value, SieveRun run)
    {
        var text = new StringBuilder();
        for (var at = 0; at < value.Length;)
        {
            var length = char.IsSurrogatePair(value, at) ? 2 : 1;
            var part = string.Concat(Language.OctetText.Write(value.Substring(at, length)).Select(
                octet => char.IsAsciiLetterOrDigit((char)octet) || octet is (byte)'-' or (byte)'.' or (byte)'_' or (byte)'~' ? ((char)octet).ToString() : $"%{octet:X2}"));
            if (text.Length + part.Length > run.Variables.MaximumOctets)
            {
                break; // never a part of a character
            }

            text.Append(part);
            at += length;
        }

        return text.ToString();
    }

    private sealed class SetStep(string name, CompiledArguments arguments) : SieveStep
    {
        public override ValueTask<Flow> RunAsync(SieveRun run, CancellationToken cancellationToken)
        {
            run.Variables.Set(name, Modify(run.Variables.Cut(arguments.Text(1).Expand(run)), arguments, run), Line);
            return new(Flow.Next);
        }
    }
}

/// <summary>string (RFC 5229 5).</summary>
internal sealed class StringTest(CompiledArguments arguments, Matching matching) : SieveTest
{
    public static SieveTest? Make(CompiledArguments arguments, SieveCompiler compiler) =>
        Matching.Of(arguments, compiler, arguments.Texts(1)) is { } matching ? new StringTest(arguments, matching) : null;

    public override ValueTask<bool> HoldsAsync(SieveRun run, CancellationToken cancellationToken)
    {
        List<string> values = [.. arguments.Texts(0).Select(source => source.Expand(run))];
        if (matching.Type == "count")
        {
            values.RemoveAll(value => value.Length == 0); // RFC 5229 5: empty strings do not count
        }

        return matching.AnyAsync(run, values, arguments.Texts(1), cancellationToken);
    }
}

/// <summary>What names variables may have (RFC 5229 3, RFC 6609 3.4).</summary>
internal static class VariableNames
{
    private const int Longest = 64;

    /// <summary>Why a reference is a mistake, null when it is none.</summary>
    public static string? Mistake(string name, SieveCompiler compiler)
    {
        if (char.IsAsciiDigit(name[0]))
        {
            return !int.TryParse(name, out var index) || index > SieveVariables.MaximumMatches ? $"match variables go up to ${{{SieveVariables.MaximumMatches}}}" : null;
        }

        var parts = name.Split('.');
        if (parts.Any(part => part.Length > Longest))
        {
            return $"the variable name '{name[..20]}...' is too long";
        }

        if (parts.Length == 1)
        {
            return null;
        }

        return parts[0] == "global" && compiler.Has("include")
            ? parts.Length > 2 || char.IsAsciiDigit(parts[1][0]) ? $"'{name}' is no global variable" : null
            : compiler.Dialect.Namespaces.Contains(parts[0]) ? null : $"unknown namespace of variables in '{name}'";
    }

    /// <summary>The name of a variable to be set, in lower case; null after telling a problem.</summary>
    public static string? Settable(CompiledArguments arguments, SieveTemplate template, SieveCompiler compiler)
    {
        if (template.Constant is not { } written || !IsIdentifier(written))
        {
            compiler.Error(arguments.Line, $"invalid variable name '{template.Constant}'");
            return null;
        }

        var name = written.ToLowerInvariant();
        if (char.IsAsciiDigit(name[0]))
        {
            compiler.Error(arguments.Line, "match variables cannot be set");
            return null;
        }

        if (Mistake(name, compiler) is { } wrong || name.Contains('.', StringComparison.Ordinal) && !name.StartsWith("global.", StringComparison.Ordinal) && (wrong = $"'{name}' cannot be set") is not null)
        {
            compiler.Error(arguments.Line, wrong);
            return null;
        }

        compiler.Used.Add(name);
        if (compiler.Used.Count == SieveVariables.MaximumCount + 1)
        {
            compiler.Error(arguments.Line, $"more than {SieveVariables.MaximumCount} variables");
            return null;
        }

        return name;
    }

    public static bool IsIdentifier(string name)
    {
        var parts = name.Split('.');
        return parts.All(part => part.Length > 0 && part.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')) && (parts.Length > 1 || !char.IsAsciiDigit(parts[0][0]));
    }
}
