using MailPlus.Engine.Sieve.Runtime;
using MimeKit;

namespace MailPlus.Engine.Sieve.Extensions;

/// <summary>mime (RFC 5703 4): whose fields are looked at, and which side of their values.</summary>
internal sealed class MimeOptions
{
    private bool IsOn { get; init; }

    private bool Children { get; init; }

    private string? Side { get; init; }

    private IReadOnlyList<string> Parameters { get; init; } = [];

    public static IReadOnlyList<Tag> Tags { get; } =
    [
        new("mime", Extension: "mime"),
        new("anychild", Extension: "mime"),
        new("type", Extension: "mime", Group: "mimeopt"),
        new("subtype", Extension: "mime", Group: "mimeopt"),
        new("contenttype", Extension: "mime", Group: "mimeopt"),
        new("param", ValueKind.Texts, "mime", "mimeopt"),
    ];

    /// <summary>Null after telling a problem.</summary>
    public static MimeOptions? Of(CompiledArguments arguments, SieveCompiler compiler)
    {
        var side = arguments.Chosen("mimeopt");
        if (!arguments.Has("mime") && (arguments.Has("anychild") || side is not null))
        {
            compiler.Error(arguments.Line, $"the ':{side ?? "anychild"}' tag needs ':mime'");
            return null;
        }

        return new MimeOptions
        {
            IsOn = arguments.Has("mime"),
            Children = arguments.Has("anychild"),
            Side = side,
            Parameters = [.. (arguments.TagTexts("param") ?? []).Select(name => name.Constant ?? "")],
        };
    }

    /// <summary>The fields of that name where the test looks.</summary>
    public async ValueTask<IEnumerable<SieveField>> FieldsAsync(SieveRun run, string name, CancellationToken cancellationToken)
    {
        if (!IsOn)
        {
            return run.Message.Named(name);
        }

        var whole = run.Parts.TryPeek(out var part) ? part.Part : null;
        if (whole is null)
        {
            if (!Children)
            {
                return run.Message.Named(name);
            }

            whole = (await run.Message.MimeAsync(cancellationToken)).Body;
            if (whole is null)
            {
                return run.Message.Named(name);
            }
        }

        var top = await run.Message.MimeAsync(cancellationToken);
        return (Children ? MimeParts.Within(whole) : [whole]).SelectMany(child => ReferenceEquals(child, top.Body) ? run.Message.Named(name) : Fields(top, child, name));
    }

    /// <summary>What of a field is compared.</summary>
    public IEnumerable<string> Values(SieveField field)
    {
        if (Side is null)
        {
            return [field.Value];
        }

        var text = field.Value;
        if (field.IsNamed("Content-Type"))
        {
            if (!ContentType.TryParse(ParserOptions.Default, text, out var type))
            {
                return [];
            }

            return Side switch
            {
                "type" => [type.MediaType],
                "subtype" => [type.MediaSubtype],
                "contenttype" => [$"{type.MediaType}/{type.MediaSubtype}"],
                _ => Parameters.Select(name => type.Parameters[name]).OfType<string>(),
            };
        }

        if (field.IsNamed("Content-Disposition") && ContentDisposition.TryParse(ParserOptions.Default, text, out var disposition))
        {
            return Side switch
            {
                "type" or "contenttype" => [disposition.Disposition],
                "subtype" => [],
                _ => Parameters.Select(name => disposition.Parameters[name]).OfType<string>(),
            };
        }

        var plain = text.Split(';')[0].Trim();
        return Side switch { "type" => [plain.Split('/')[0]], "contenttype" => [plain], _ => [] };
    }

    /// <summary>Fields of a part; the header of an attached message is that of its outermost part.</summary>
    private static IEnumerable<SieveField> Fields(MimeMessage top, MimeEntity part, string name) => (Enclosing(top, part)?.Headers ?? []).Concat(part.Headers)
        .Where(header => header.Field.Equals(name, StringComparison.OrdinalIgnoreCase))
        .Select(header => new SieveField(header.Field, header.RawValue, 0));

    private static MimeMessage? Enclosing(MimeMessage top, MimeEntity part) =>
        MimeParts.Within(top.Body).OfType<MessagePart>().FirstOrDefault(holder => ReferenceEquals(holder.Message?.Body, part))?.Message;
}

/// <summary>Walks parts.</summary>
internal static class MimeParts
{
    /// <summary>Parts of a message that are looked at.</summary>
    public const int Maximum = 1000;

    /// <summary>The part and all inside it, in order, into attached messages too.</summary>
    public static IEnumerable<MimeEntity> Within(MimeEntity? root) => root is null ? [] : All(root).Take(Maximum);

    private static IEnumerable<MimeEntity> All(MimeEntity root)
    {
        var open = new Stack<MimeEntity>([root]);
        while (open.TryPop(out var part))
        {
            yield return part;
            if (part is Multipart many)
            {
                foreach (var child in many.Reverse())
                {
                    open.Push(child);
                }
            }
            else if (part is MessagePart { Message.Body: { } inner })
            {
                open.Push(inner);
            }
        }
    }
}
