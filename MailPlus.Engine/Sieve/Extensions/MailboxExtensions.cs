using MailPlus.Engine.Sieve.Runtime;

namespace MailPlus.Engine.Sieve.Extensions;

/// <summary>mailbox, mboxmetadata, servermetadata (RFC 5490), special-use (RFC 8579), mailboxid (RFC 9042).</summary>
internal static class MailboxExtensions
{
    public static SieveExtension Mailbox { get; } = new("mailbox",
    [
        new TestDefinition("mailboxexists", (a, c) => All(a, c, 0, (run, name, token) => run.Around.MailboxExistsAsync(name, token), warnsOfNames: true))
        {
            Extension = "mailbox",
            Parameters = [new("mailbox names", ValueKind.Texts)],
        },
    ]);

    public static SieveExtension SpecialUse { get; } = new("special-use",
    [
        new TestDefinition("specialuse_exists", SpecialUseExists)
        {
            Extension = "special-use",
            Parameters = [new("mailbox", ValueKind.Text), new("special-use attributes", ValueKind.Texts)],
            FirstIsOptional = true,
        },
    ]);

    public static SieveExtension MailboxId { get; } = new("mailboxid",
    [
        new TestDefinition("mailboxidexists", (a, c) => All(a, c, 0, (run, id, token) => run.Around.MailboxIdExistsAsync(id, token), warnsOfNames: false))
        {
            Extension = "mailboxid",
            Parameters = [new("mailbox ids", ValueKind.Texts)],
        },
    ]);

    public static SieveExtension MailboxMetadata { get; } = new("mboxmetadata",
    [
        new TestDefinition("metadata", (a, c) => Annotation(a, c, ofMailbox: true))
        {
            Extension = "mboxmetadata",
            Parameters = [new("mailbox", ValueKind.Text), new("annotation", ValueKind.Text), new("key list", ValueKind.Texts)],
            Tags = Matching.Tags,
        },
        new TestDefinition("metadataexists", (a, c) => AnnotationsExist(a, c, ofMailbox: true))
        {
            Extension = "mboxmetadata",
            Parameters = [new("mailbox", ValueKind.Text), new("annotations", ValueKind.Texts)],
        },
    ]);

    public static SieveExtension ServerMetadata { get; } = new("servermetadata",
    [
        new TestDefinition("servermetadata", (a, c) => Annotation(a, c, ofMailbox: false))
        {
            Extension = "servermetadata",
            Parameters = [new("annotation", ValueKind.Text), new("key list", ValueKind.Texts)],
            Tags = Matching.Tags,
        },
        new TestDefinition("servermetadataexists", (a, c) => AnnotationsExist(a, c, ofMailbox: false))
        {
            Extension = "servermetadata",
            Parameters = [new("annotations", ValueKind.Texts)],
        },
    ]);

    /// <summary>RFC 5464 3.1: below /private or /shared.</summary>
    private static bool IsEntry(string name) =>
        name.StartsWith("/private/", StringComparison.OrdinalIgnoreCase) || name.StartsWith("/shared/", StringComparison.OrdinalIgnoreCase);

    private static void WarnOfMailbox(SieveTemplate name, CompiledArguments arguments, SieveCompiler compiler)
    {
        if (name.Constant is { } constant && !MailboxNames.IsValid(constant))
        {
            compiler.Warn(arguments.Line, "invalid mailbox name");
        }
    }

    private static SieveTest All(CompiledArguments arguments, SieveCompiler compiler, int parameter, Func<SieveRun, string, CancellationToken, ValueTask<bool>> ask, bool warnsOfNames)
    {
        foreach (var name in arguments.Texts(parameter).Where(_ => warnsOfNames))
        {
            WarnOfMailbox(name, arguments, compiler);
        }

        return new AskTest(async (run, token) =>
        {
            foreach (var name in arguments.Texts(parameter).Select(name => name.Expand(run)))
            {
                if (warnsOfNames && !MailboxNames.IsValid(name))
                {
                    throw new SieveRuntimeException(arguments.Line, "invalid mailbox name");
                }

                if (!await ask(run, name, token))
                {
                    return false;
                }
            }

            return true;
        });
    }

    private static SieveTest? SpecialUseExists(CompiledArguments arguments, SieveCompiler compiler)
    {
        if (arguments.Texts(1).Select(use => use.Constant).OfType<string>().FirstOrDefault(use => !MailboxNames.IsSpecialUse(use)) is { } wrong)
        {
            compiler.Error(arguments.Line, $"invalid special-use attribute '{wrong}'");
            return null;
        }

        if (arguments.HasPositional(0))
        {
            WarnOfMailbox(arguments.Text(0), arguments, compiler);
        }

        return new AskTest(async (run, token) =>
        {
            var mailbox = arguments.HasPositional(0) ? arguments.Text(0).Expand(run) : null;
            if (mailbox is not null && !MailboxNames.IsValid(mailbox))
            {
                throw new SieveRuntimeException(arguments.Line, "invalid mailbox name");
            }

            foreach (var use in arguments.Texts(1).Select(use => use.Expand(run)))
            {
                if (!MailboxNames.IsSpecialUse(use) || !await run.Around.SpecialUseExistsAsync(mailbox, use, token))
                {
                    return false;
                }
            }

            return true;
        });
    }

    private static SieveTest? Annotation(CompiledArguments arguments, SieveCompiler compiler, bool ofMailbox)
    {
        var at = ofMailbox ? 1 : 0;
        if (Matching.Of(arguments, compiler, arguments.Texts(at + 1)) is not { } matching)
        {
            return null;
        }

        Warn(arguments, compiler, ofMailbox, [arguments.Text(at)]);
        return new AskTest(async (run, token) =>
        {
            var entry = arguments.Text(at).Expand(run);
            var mailbox = NameOf(arguments, run, ofMailbox);
            var value = IsEntry(entry) ? await run.Around.AnnotationAsync(mailbox, entry, token) : null;
            return value is not null && await matching.AnyAsync(run, [value], arguments.Texts(at + 1), token);
        });
    }

    private static SieveTest AnnotationsExist(CompiledArguments arguments, SieveCompiler compiler, bool ofMailbox)
    {
        var at = ofMailbox ? 1 : 0;
        Warn(arguments, compiler, ofMailbox, arguments.Texts(at));
        return new AskTest(async (run, token) =>
        {
            var mailbox = NameOf(arguments, run, ofMailbox);
            foreach (var entry in arguments.Texts(at).Select(entry => entry.Expand(run)))
            {
                if (!IsEntry(entry) || await run.Around.AnnotationAsync(mailbox, entry, token) is null)
                {
                    return false;
                }
            }

            return true;
        });
    }

    private static void Warn(CompiledArguments arguments, SieveCompiler compiler, bool ofMailbox, IReadOnlyList<SieveTemplate> entries)
    {
        if (ofMailbox)
        {
            WarnOfMailbox(arguments.Text(0), arguments, compiler);
        }

        foreach (var entry in entries.Select(entry => entry.Constant).OfType<string>().Where(entry => !IsEntry(entry)))
        {
            compiler.Warn(arguments.Line, $"no annotation can be named '{entry}'");
        }
    }

    private static string? NameOf(CompiledArguments arguments, SieveRun run, bool ofMailbox)
    {
        var mailbox = ofMailbox ? arguments.Text(0).Expand(run) : null;
        return mailbox is null || MailboxNames.IsValid(mailbox) ? mailbox : throw new SieveRuntimeException(arguments.Line, "invalid mailbox name");
    }
}

/// <summary>A test that is a question.</summary>
internal sealed class AskTest(Func<SieveRun, CancellationToken, ValueTask<bool>> ask) : SieveTest
{
    public override ValueTask<bool> HoldsAsync(SieveRun run, CancellationToken cancellationToken) => ask(run, cancellationToken);
}

/// <summary>A command that is one thing to do.</summary>
internal sealed class DoStep(Func<SieveRun, CancellationToken, ValueTask> act) : SieveStep
{
    public override async ValueTask<Flow> RunAsync(SieveRun run, CancellationToken cancellationToken)
    {
        await act(run, cancellationToken);
        return Flow.Next;
    }
}
