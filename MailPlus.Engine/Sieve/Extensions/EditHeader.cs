using MailPlus.Engine.Sieve.Runtime;

namespace MailPlus.Engine.Sieve.Extensions;

/// <summary>editheader (RFC 5293). Fields that say where a message came from are never touched (RFC 5293 6), nor is it ever an error to try.</summary>
internal static class EditHeader
{
    private static readonly HashSet<string> Protected = new(StringComparer.OrdinalIgnoreCase) { "Return-Path", "Delivered-To", "Authentication-Results" };

    private static readonly HashSet<string> Kept = new(StringComparer.OrdinalIgnoreCase) { "Received", "Auto-Submitted" };

    public static SieveExtension Extension { get; } = new("editheader",
    [
        new CommandDefinition("addheader", Add)
        {
            Extension = "editheader",
            Parameters = [new("field-name", ValueKind.Text), new("value", ValueKind.Text)],
            Tags = [new("last")],
        },
        new CommandDefinition("deleteheader", Delete)
        {
            Extension = "editheader",
            Parameters = [new("field-name", ValueKind.Text), new("value-patterns", ValueKind.Texts)],
            LastIsOptional = true,
            Tags = [.. Matching.Tags, new("index", ValueKind.Number), new("last")],
        },
    ]);

    private static SieveStep? Add(CompiledArguments arguments, SieveCompiler compiler)
    {
        if (!CheckName(arguments, compiler))
        {
            return null;
        }

        if (arguments.Text(1).Constant is { } constant && Wrong(constant, compiler.Dialect) is { } wrong)
        {
            compiler.Error(arguments.Line, wrong);
            return null;
        }

        return new DoStep((run, _) =>
        {
            var name = Name(arguments, run);
            var value = arguments.Text(1).Expand(run);
            if (Wrong(value, run.Dialect) is { } mistake)
            {
                throw new SieveRuntimeException(arguments.Line, mistake);
            }

            if (MayNot(run, name, adds: true))
            {
                return ValueTask.CompletedTask;
            }

            run.HeaderAdded += name.Length + value.Length;
            if (run.HeaderAdded > run.Limits.AddedHeader)
            {
                throw new SieveRuntimeException(arguments.Line, "the header fields added are too large");
            }

            var field = SieveField.Make(name, value);
            run.Message = run.Message.With(arguments.Has("last") ? run.Message.Fields.Add(field) : run.Message.Fields.Insert(0, field));
            return ValueTask.CompletedTask;
        });
    }

    private static SieveStep? Delete(CompiledArguments arguments, SieveCompiler compiler)
    {
        if (arguments.Has("last") && !arguments.Has("index"))
        {
            compiler.Error(arguments.Line, "the :last tag of the deleteheader command cannot be specified without the :index tag");
            return null;
        }

        if (!CheckName(arguments, compiler) || Matching.Of(arguments, compiler, arguments.HasPositional(1) ? arguments.Texts(1) : []) is not { } matching)
        {
            return null;
        }

        if (matching.Type is "count")
        {
            compiler.Error(arguments.Line, "the deleteheader command cannot use ':count'");
            return null;
        }

        return new DoStep(async (run, token) =>
        {
            var name = Name(arguments, run);
            if (MayNot(run, name, adds: false))
            {
                return;
            }

            HashSet<SieveField> gone = new(ReferenceEqualityComparer.Instance);
            foreach (var field in FieldsByIndex(run.Message.Named(name), arguments))
            {
                if (!arguments.HasPositional(1) || await matching.AnyAsync(run, [field.Value], arguments.Texts(1), token))
                {
                    gone.Add(field);
                }
            }

            if (gone.Count > 0)
            {
                run.Message = run.Message.With(run.Message.Fields.RemoveAll(gone.Contains));
            }
        });
    }

    private static List<SieveField> FieldsByIndex(IEnumerable<SieveField> fields, CompiledArguments arguments) => [.. FieldIndex.Choose(fields, arguments)];

    private static bool MayNot(SieveRun run, string name, bool adds) => Protected.Contains(name) || (!adds && Kept.Contains(name)) || run.Around.ProtectsHeader(name, adds);

    private static bool CheckName(CompiledArguments arguments, SieveCompiler compiler)
    {
        if (arguments.Text(0).Constant is not { } name || BaseTests.IsFieldName(name))
        {
            return true;
        }

        compiler.Error(arguments.Line, $"the field name '{name}' is invalid");
        return false;
    }

    private static string Name(CompiledArguments arguments, SieveRun run)
    {
        var name = arguments.Text(0).Expand(run);
        return BaseTests.IsFieldName(name) ? name : throw new SieveRuntimeException(arguments.Line, $"the field name '{name}' is invalid");
    }

    /// <summary>RFC 5322 3.2.5: no controls but those that fold.</summary>
    private static string? Wrong(string value, SieveDialect dialect) =>
        value.Any(c => c is < ' ' and not ('\t' or '\r' or '\n') or '\x7f') ? $"the field value '{Shown(value)}' is invalid"
        : value.Length > dialect.MaximumHeaderField ? $"the field value '{Shown(value)}' is longer than {dialect.MaximumHeaderField}" : null;

    private static string Shown(string value) => new([.. value.Take(40).Where(c => !char.IsControl(c))]);
}
