using MailPlus.Engine.Sieve.Runtime;

namespace MailPlus.Engine.Sieve.Extensions;

/// <summary>index (RFC 5260 6): one occurrence of a field, from the front or the end.</summary>
internal static class FieldIndex
{
    public static IReadOnlyList<Tag> Tags { get; } = [new("index", ValueKind.Number, "index"), new("last", Extension: "index")];

    public static bool Check(CompiledArguments arguments, SieveCompiler compiler)
    {
        if (arguments.Has("last") && !arguments.Has("index"))
        {
            compiler.Error(arguments.Line, "the ':last' tag needs ':index'");
            return false;
        }

        if (arguments.TagNumber("index") == 0)
        {
            compiler.Error(arguments.Line, "':index' counts from 1");
            return false;
        }

        return true;
    }

    public static IEnumerable<T> Choose<T>(IEnumerable<T> fields, CompiledArguments arguments)
    {
        if (arguments.TagNumber("index") is not { } index)
        {
            return fields;
        }

        var at = (int)Math.Min(index, int.MaxValue) - 1;
        return (arguments.Has("last") ? fields.Reverse() : fields).Skip(at).Take(1);
    }
}
