using MailPlus.Engine.Sieve.Runtime;
using MimeKit;

namespace MailPlus.Engine.Sieve.Extensions;

/// <summary>foreverypart, break, extracttext, replace and enclose (RFC 5703).</summary>
internal static class MimeLoop
{
    private const int MaximumNesting = 4;

    public static SieveExtension ForEveryPart { get; } = new("foreverypart",
    [
        new CommandDefinition("foreverypart", Loop) { Extension = "foreverypart", HasBlock = true, Tags = [new("name", ValueKind.Text)] },
        new CommandDefinition("break", Break) { Extension = "foreverypart", Tags = [new("name", ValueKind.Text)] },
    ]);

    public static SieveExtension Mime { get; } = new("mime", []);

    public static SieveExtension ExtractText { get; } = new("extracttext",
    [
        new CommandDefinition("extracttext", Extract)
        {
            Extension = "extracttext",
            Parameters = [new("variable name", ValueKind.Text)],
            Tags = [.. VariablesExtension.ModifierTags, new("first", ValueKind.Number)],
        },
    ])
    { Needs = ["variables", "foreverypart"] };

    public static SieveExtension Replace { get; } = new("replace",
    [
        new CommandDefinition("replace", MakeReplace)
        {
            Extension = "replace",
            Parameters = [new("replacement", ValueKind.Text)],
            Tags = [new("mime"), new("subject", ValueKind.Text), new("from", ValueKind.Text)],
        },
    ]);

    public static SieveExtension Enclose { get; } = new("enclose",
    [
        new CommandDefinition("enclose", MakeEnclose)
        {
            Extension = "enclose",
            Parameters = [new("text", ValueKind.Text)],
            Tags = [new("subject", ValueKind.Text), new("headers", ValueKind.Texts)],
        },
    ]);

    private static SieveStep? Loop(CompiledArguments arguments, SieveCompiler compiler)
    {
        if (compiler.Loops.Count >= MaximumNesting)
        {
            compiler.Error(arguments.Line, $"foreverypart commands are nested deeper than {MaximumNesting}");
            return null;
        }

        var name = arguments.TagText("name")?.Constant;
        if (arguments.Has("name") && name is null)
        {
            compiler.Error(arguments.Line, "the name of a loop must be constant");
            return null;
        }

        compiler.Loops.Add(name);
        var steps = compiler.Block(arguments.Node.Block);
        compiler.Loops.RemoveAt(compiler.Loops.Count - 1);
        return new LoopStep(name, steps);
    }

    private static SieveStep? Break(CompiledArguments arguments, SieveCompiler compiler)
    {
        if (compiler.Loops.Count == 0)
        {
            compiler.Error(arguments.Line, "the break command stands outside a loop");
            return null;
        }

        var name = arguments.TagText("name")?.Constant;
        if (arguments.Has("name") && (name is null || !compiler.Loops.Contains(name)))
        {
            compiler.Error(arguments.Line, $"no loop around the break command is named '{name}'");
            return null;
        }

        return new BreakStep(name);
    }

    private static SieveStep? Extract(CompiledArguments arguments, SieveCompiler compiler)
    {
        if (!compiler.Has("variables"))
        {
            compiler.Error(arguments.Line, "the extracttext command needs: require \"variables\"");
            return null;
        }

        if (compiler.Loops.Count == 0)
        {
            compiler.Error(arguments.Line, "the extracttext command stands outside a foreverypart loop");
            return null;
        }

        if (VariableNames.Settable(arguments, arguments.Text(0), compiler) is not { } name)
        {
            return null;
        }

        return new DoStep((run, _) =>
        {
            var text = run.Parts.TryPeek(out var at) && at.Part is TextPart ? BodyExtension.Decoded(at.Part, run.Limits.BodyText) : "";
            if (arguments.TagNumber("first") is { } first && (ulong)text.Length > first)
            {
                text = text[..(int)first];
            }

            run.Variables.Set(name, VariablesExtension.Modify(run.Variables.Cut(text), arguments, run), arguments.Line);
            return ValueTask.CompletedTask;
        });
    }

    private static SieveStep MakeReplace(CompiledArguments arguments, SieveCompiler compiler)
    {
        var inLoop = compiler.Loops.Count > 0;
        return new DoStep(async (run, token) =>
        {
            var entity = Entity(arguments.Text(0).Expand(run), arguments.Has("mime"));
            var message = await run.Message.MimeAsync(token);
            if (!inLoop || !run.Parts.TryPeek(out var at))
            {
                message.Body = entity;
                Rewrite(message, arguments, run);
                run.Message = await run.Message.RemadeAsync(message, token);
                return;
            }

            if (ReferenceEquals(message.Body, at.Part))
            {
                message.Body = entity;
            }
            else if (MimeParts.Within(message.Body).OfType<Multipart>().FirstOrDefault(many => many.Contains(at.Part)) is { } parent)
            {
                parent[parent.IndexOf(at.Part)] = entity;
            }
            else if (MimeParts.Within(message.Body).OfType<MessagePart>().FirstOrDefault(inner => ReferenceEquals(inner.Message?.Body, at.Part)) is { } holder)
            {
                holder.Message!.Body = entity;
            }
            else
            {
                return; // replaced before, or inside what was: RFC 5703 5 has the first one win
            }

            run.Message = await run.Message.RemadeAsync(message, token);
        });
    }

    private static SieveStep MakeEnclose(CompiledArguments arguments, SieveCompiler compiler) => new DoStep(async (run, token) =>
    {
        var message = await run.Message.MimeAsync(token);
        var outer = new MimeMessage();
        outer.Headers.Clear();
        foreach (var header in message.Headers.Where(header => !header.Field.StartsWith("Content-", StringComparison.OrdinalIgnoreCase) && header.Id is not (HeaderId.Subject or HeaderId.MimeVersion)))
        {
            outer.Headers.Add(header);
        }

        outer.Subject = GeneratedMail.Shortened(arguments.TagText("subject")?.Expand(run) ?? message.Subject ?? "");
        foreach (var line in (arguments.TagTexts("headers") ?? []).Select(header => header.Expand(run)))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (line.Length > run.Dialect.MaximumHeaderField)
            {
                throw new SieveRuntimeException(arguments.Line, $"a header field of the enclose command is longer than {run.Dialect.MaximumHeaderField}");
            }

            if (colon > 0 && BaseTests.IsFieldName(line[..colon]))
            {
                outer.Headers.Add(line[..colon], line[(colon + 1)..].ReplaceLineEndings(" ").Trim());
            }
        }

        outer.Body = new Multipart("mixed") { Entity(arguments.Text(0).Expand(run), false), new MessagePart { Message = message } };
        run.Message = await run.Message.RemadeAsync(outer, token);
    });

    private static void Rewrite(MimeMessage message, CompiledArguments arguments, SieveRun run)
    {
        if (arguments.TagText("subject")?.Expand(run) is { } subject)
        {
            if (message.Subject is { Length: > 0 } before)
            {
                message.Headers.Replace("Original-Subject", before);
            }

            message.Subject = GeneratedMail.Shortened(subject);
        }

        if (arguments.TagText("from")?.Expand(run) is { } from && SieveAddress.Parse(from, true) is { } address)
        {
            if (message.Headers[HeaderId.From] is { Length: > 0 } before)
            {
                message.Headers.Replace("Original-From", before);
            }

            message.From.Clear();
            message.From.Add(new MailboxAddress(address.Name, address.All));
        }
    }

    private static MimeEntity Entity(string text, bool isMime)
    {
        if (isMime)
        {
            using var octets = new MemoryStream(Language.OctetText.Write(text));
            return MimeEntity.Load(octets);
        }

        return new TextPart("plain") { Text = text };
    }

    private sealed class LoopStep(string? name, IReadOnlyList<SieveStep> steps) : SieveStep
    {
        public override async ValueTask<Flow> RunAsync(SieveRun run, CancellationToken cancellationToken)
        {
            if (run.Parts.Count >= MaximumNesting)
            {
                throw new SieveRuntimeException(Line, $"foreverypart loops are nested deeper than {MaximumNesting}"); // by way of include
            }

            var root = run.Parts.TryPeek(out var outer) ? outer.Part : (await run.Message.MimeAsync(cancellationToken)).Body;

            // An inner loop goes over the parts inside the present one (RFC 5703 3.1).
            foreach (var part in outer is null ? MimeParts.Within(root) : MimeParts.Within(root).Skip(1))
            {
                run.Count(Line, 10);
                var flow = await InPartAsync(run, new PartInLoop(part, name), cancellationToken);
                if (flow.Kind == FlowKind.Break)
                {
                    return flow.Loop is null || flow.Loop == name ? Flow.Next : flow;
                }

                if (flow.Kind != FlowKind.Next)
                {
                    return flow;
                }
            }

            return Flow.Next;
        }

        private async ValueTask<Flow> InPartAsync(SieveRun run, PartInLoop part, CancellationToken cancellationToken)
        {
            run.Parts.Push(part);
            try
            {
                return await run.RunAsync(steps, cancellationToken);
            }
            finally
            {
                run.Parts.Pop();
            }
        }
    }

    private sealed class BreakStep(string? name) : SieveStep
    {
        public override ValueTask<Flow> RunAsync(SieveRun run, CancellationToken cancellationToken) => new(new Flow(FlowKind.Break, name));
    }
}
