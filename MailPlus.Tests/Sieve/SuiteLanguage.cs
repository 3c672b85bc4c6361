using MailPlus.Engine.Mime;
using MailPlus.Engine.Sieve.Extensions;
using MailPlus.Engine.Sieve.Language;
using MailPlus.Engine.Sieve.Runtime;

namespace MailPlus.Tests.Sieve;

/// <summary>A test of the suite said that something is wrong.</summary>
internal sealed class SuiteFailure(string text) : Exception(text);

/// <summary>The commands and tests with which the suite's scripts test others: the player's side of its extension.</summary>
internal sealed class SuiteLanguage
{
    private readonly SuiteWorld _world;
    private readonly string _folder;
    private readonly List<SieveProblem> _problems = [];
    private CompiledScript? _script;
    private SieveRun? _scriptRun;

    public SuiteLanguage(SuiteWorld world, string folder) => (_world, _folder) = (world, folder);

    /// <summary>Names of tests that failed, each with why.</summary>
    public List<(string Test, string Why)> Failures { get; } = [];

    public int Count { get; private set; }

    public SieveDialect Dialect() => new(StandardExtensions.All.Append(Extension()).Append(new SieveExtension("vnd.dovecot.debug", [])))
    {
        AllowsUtf8Addresses = false,
        Namespaces = ["tst", "env"],
        MaximumIncludes = int.Parse(_world.Settings.GetValueOrDefault("sieve_include_max_includes", "255"), null),
        MaximumIncludeDepth = int.Parse(_world.Settings.GetValueOrDefault("sieve_include_max_nesting_depth", "10"), null),
        MaximumVariable = int.Parse(_world.Settings.GetValueOrDefault("sieve_variables_max_variable_size", _world.Settings.GetValueOrDefault("sieve_variables_max_value_size", "4096")), null),
        MaximumHeaderField = int.Parse(_world.Settings.GetValueOrDefault("sieve_editheader_max_header_size", "2048"), null),
        MayPrecedeRequire = name => name.StartsWith("test", StringComparison.Ordinal),
    };

    private SieveExtension Extension() => new("vnd.dovecot.testsuite",
    [
        new CommandDefinition("test", TestBlock) { Extension = "vnd.dovecot.testsuite", HasBlock = true, Parameters = [new("name", ValueKind.Text)] },
        Do("test_fail", 1, (a, run, _) => throw new SuiteFailure($"line {a.Line}: {a.Text(0).Expand(run)}")),
        Do("test_set", 2, SetAsync),
        Do("test_config_set", 2, (a, run, _) =>
        {
            _world.Settings[a.Text(0).Expand(run)] = a.Text(1).Expand(run);
            return ValueTask.CompletedTask;
        }),
        Do("test_config_unset", 1, (a, run, _) =>
        {
            _world.Settings.Remove(a.Text(0).Expand(run));
            return ValueTask.CompletedTask;
        }),
        new CommandDefinition("test_config_reload", (_, _) => new DoStep((run, _) =>
        {
            run.Variables.MaximumOctets = Dialect().MaximumVariable;
            return ValueTask.CompletedTask;
        })) { Extension = "vnd.dovecot.testsuite", Tags = [new("extension", ValueKind.Text)] },
        new CommandDefinition("test_result_reset", (_, _) => new DoStep((run, _) =>
        {
            (run.Result, run.Flags) = (new SieveResult(), []);
            _world.Sent.Clear();
            return ValueTask.CompletedTask;
        })) { Extension = "vnd.dovecot.testsuite" },
        new CommandDefinition("test_result_print", (_, _) => new DoStep((_, _) => ValueTask.CompletedTask)) { Extension = "vnd.dovecot.testsuite" },
        Do("test_mailbox_create", 1, (a, run, _) =>
        {
            _world.Mailboxes.TryAdd(a.Text(0).Expand(run), []);
            return ValueTask.CompletedTask;
        }),
        new CommandDefinition("test_imap_metadata_set", (a, _) => new DoStep((run, _) =>
        {
            _world.Annotations[(a.TagText("mailbox")?.Expand(run), a.Text(0).Expand(run))] = a.Text(1).Expand(run);
            return ValueTask.CompletedTask;
        })) { Extension = "vnd.dovecot.testsuite", Parameters = [new("annotation", ValueKind.Text), new("value", ValueKind.Text)], Tags = [new("mailbox", ValueKind.Text)] },
        new TestDefinition("test_message", (a, _) => new AskTest((run, token) => MessageAsync(a, run, token)))
        {
            Extension = "vnd.dovecot.testsuite", Parameters = [new("index", ValueKind.Number)], Tags = [new("smtp", Group: "where"), new("folder", ValueKind.Text, Group: "where")],
        },
        new CommandDefinition("test_message", (a, _) => new DoStep(async (run, token) =>
        {
            if (!await MessageAsync(a, run, token))
            {
                throw new SuiteFailure($"line {a.Line}: no such message");
            }
        })) { Extension = "vnd.dovecot.testsuite", Parameters = [new("index", ValueKind.Number)], Tags = [new("smtp", Group: "where"), new("folder", ValueKind.Text, Group: "where")] },
        Ask("test_script_compile", 1, (a, run, token) => CompileAsync(a.Text(0).Expand(run), token)),
        new TestDefinition("test_script_run", (a, _) => new AskTest((run, token) => RunAsync(run, a.Has("append_result"), token))) { Extension = "vnd.dovecot.testsuite", Tags = [new("append_result")] },
        new TestDefinition("test_result_execute", (_, _) => new AskTest(ExecuteAsync)) { Extension = "vnd.dovecot.testsuite" },
        Listed("test_error", _ => [.. _problems.Where(problem => !problem.IsWarning).Select(problem => problem.Text)]),
        Listed("test_result_action", run => [.. Current(run).Actions.Select(action => action is StoreAction { IsKeep: false } ? "store" : action.Name)]),
    ]);

    private static CommandDefinition Do(string name, int texts, Func<CompiledArguments, SieveRun, CancellationToken, ValueTask> act) => new(name, (a, _) => new DoStep((run, token) => act(a, run, token)))
    {
        Extension = "vnd.dovecot.testsuite",
        Parameters = [.. Enumerable.Range(0, texts).Select(i => new Parameter($"argument {i + 1}", ValueKind.Text))],
    };

    private static TestDefinition Ask(string name, int texts, Func<CompiledArguments, SieveRun, CancellationToken, ValueTask<bool>> ask) => new(name, (a, _) => new AskTest((run, token) => ask(a, run, token)))
    {
        Extension = "vnd.dovecot.testsuite",
        Parameters = [.. Enumerable.Range(0, texts).Select(i => new Parameter($"argument {i + 1}", ValueKind.Text))],
    };

    private static TestDefinition Listed(string name, Func<SieveRun, IReadOnlyList<string>> list) => new(name, (a, c) =>
    {
        if (Matching.Of(a, c, a.Texts(0)) is not { } matching)
        {
            return null;
        }

        return new AskTest((run, token) =>
        {
            var all = list(run);
            IReadOnlyList<string> values = a.TagNumber("index") is { } index ? [.. all.Skip((int)index - 1).Take(1)] : all;
            return matching.AnyAsync(run, values, a.Texts(0), token);
        });
    })
    {
        Extension = "vnd.dovecot.testsuite",
        Parameters = [new("key list", ValueKind.Texts)],
        Tags = [.. Matching.Tags, new("index", ValueKind.Number)],
    };

    private SieveStep TestBlock(CompiledArguments arguments, SieveCompiler compiler)
    {
        var steps = compiler.Block(arguments.Node.Block);
        return new DoStep(async (run, token) =>
        {
            Count++;
            var name = arguments.Text(0).Expand(run);
            try
            {
                await run.RunAsync(steps, token);
            }
            catch (Exception failure) when (failure is SuiteFailure or SieveRuntimeException)
            {
                Failures.Add((name, $"{failure.Message}{(_problems.Count > 0 ? $" [{string.Join(" | ", _problems)}]" : "")}"));
            }
        });
    }

    private static async ValueTask SetAsync(CompiledArguments arguments, SieveRun run, CancellationToken cancellationToken)
    {
        var value = arguments.Text(1).Expand(run);
        switch (arguments.Text(0).Expand(run))
        {
            case "message":
                run.Message = await SieveMessage.ReadAsync(MessageContent.FromMemory(SuiteWorld.Octets(value)), cancellationToken);
                run.Envelope = new SieveEnvelope(Address(run, "From") ?? "sender@example.com", Address(run, "To") ?? "recipient@example.com");
                break;
            case "envelope.from":
                run.Envelope = run.Envelope with { From = value is "<>" ? "" : value.Trim('<', '>') };
                break;
            case "envelope.to":
                run.Envelope = run.Envelope with { To = value.Trim('<', '>') };
                break;
            case "envelope.auth":
                run.Envelope = run.Envelope with { Auth = value };
                break;
            case var other:
                throw new SuiteFailure($"nobody knows what to set as {other}");
        }
    }

    private static string? Address(SieveRun run, string field) =>
        run.Message.Named(field).SelectMany(raw => SieveAddress.InField(raw.Raw, raw.ValueStart)).FirstOrDefault()?.All;

    private SieveResult Current(SieveRun run) => (_scriptRun ?? run).Result;

    private async ValueTask<bool> CompileAsync(string file, CancellationToken cancellationToken)
    {
        var problems = new SieveProblems();
        var text = OctetText.Read(await File.ReadAllBytesAsync(System.IO.Path.Combine(_folder, file), cancellationToken));
        _script = SieveCompiler.Compile(text, Dialect(), await LibraryAsync(text, cancellationToken), problems);
        _problems.Clear();
        _problems.AddRange(problems.List);
        if (_script is null)
        {
            _problems.Add(new SieveProblem(0, "the script cannot be compiled"));
        }

        return _script is not null;
    }

    /// <summary>The scripts that one includes, where the suite keeps them.</summary>
    public async Task<IncludedScripts> LibraryAsync(string text, CancellationToken cancellationToken)
    {
        var library = new IncludedScripts();
        var open = new Queue<string>([text]);
        while (open.TryDequeue(out var next))
        {
            foreach (var (isGlobal, name) in IncludeExtension.Names(SieveParser.Parse(next, new SyntaxLimits(), new SieveProblems())))
            {
                var file = System.IO.Path.Combine(_folder, isGlobal ? "included-global" : "included", name + ".sieve");
                if (IncludeExtension.IsScriptName(name) && !library.Knows(isGlobal, name) && File.Exists(file))
                {
                    var found = OctetText.Read(await File.ReadAllBytesAsync(file, cancellationToken));
                    library.Add(isGlobal, name, found);
                    open.Enqueue(found);
                }
            }
        }

        return library;
    }

    private async ValueTask<bool> RunAsync(SieveRun outer, bool appends, CancellationToken cancellationToken)
    {
        var run = new SieveRun(outer.Message, outer.Envelope, _world, Dialect()) { Result = appends && _scriptRun is not null ? _scriptRun.Result : new SieveResult() };
        run.Variables.Namespace = outer.Variables.Namespace;
        run.Result.BeginNext();
        _problems.Clear();
        try
        {
            await run.RunAsync(_script ?? throw new SuiteFailure("no script was compiled"), cancellationToken);
            _scriptRun = run;
            return true;
        }
        catch (SieveRuntimeException failure)
        {
            _problems.Add(failure.Problem);
            return false;
        }
    }

    private async ValueTask<bool> ExecuteAsync(SieveRun outer, CancellationToken cancellationToken)
    {
        _problems.Clear();
        _problems.AddRange(await new SieveExecution(_scriptRun ?? outer, _world).ExecuteAsync(cancellationToken));
        return _problems.Count == 0;
    }

    private async ValueTask<bool> MessageAsync(CompiledArguments arguments, SieveRun run, CancellationToken cancellationToken)
    {
        var index = (int)arguments.Number(0);
        if (arguments.TagText("folder") is { } folder)
        {
            if (!_world.Mailboxes.TryGetValue(folder.Expand(run), out var mailbox) || index >= mailbox.Count)
            {
                return false;
            }

            run.Message = await SieveMessage.ReadAsync(MessageContent.FromMemory(mailbox[index].Octets), cancellationToken);
            run.Flags = [.. mailbox[index].Flags];
            return true;
        }

        if (index >= _world.Sent.Count)
        {
            return false;
        }

        var sent = _world.Sent[index];
        run.Message = await SieveMessage.ReadAsync(MessageContent.FromMemory(sent.Octets), cancellationToken);
        run.Envelope = new SieveEnvelope(sent.From, sent.To[0]);
        return true;
    }
}
