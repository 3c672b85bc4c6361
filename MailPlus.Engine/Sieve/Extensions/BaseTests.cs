using MailPlus.Engine.Sieve.Runtime;

namespace MailPlus.Engine.Sieve.Extensions;

/// <summary>Tests of the base language (RFC 5228 5), envelope, and the tags other extensions give them.</summary>
internal static class BaseTests
{
    private static readonly Parameter Names = new("header names", ValueKind.Texts);
    private static readonly Parameter Keys = new("key list", ValueKind.Texts);

    public static SieveExtension Extension { get; } = new("",
    [
        new TestDefinition("true", (_, _) => new ConstantTest(true)),
        new TestDefinition("false", (_, _) => new ConstantTest(false)),
        new TestDefinition("not", (a, _) => new NotTest(a.Tests[0])) { Tests = SubTests.One },
        new TestDefinition("anyof", (a, _) => new ManyTest(a.Tests, true)) { Tests = SubTests.Many },
        new TestDefinition("allof", (a, _) => new ManyTest(a.Tests, false)) { Tests = SubTests.Many },
        new TestDefinition("size", SizeTest.Make)
        {
            Parameters = [new("limit", ValueKind.Number)],
            Tags = [new("over", Group: "relation"), new("under", Group: "relation")],
        },
        new TestDefinition("exists", ExistsTest.Make) { Parameters = [Names], Tags = [new("mime", Extension: "mime"), new("anychild", Extension: "mime")] },
        new TestDefinition("header", HeaderTest.Make) { Parameters = [Names, Keys], Tags = [.. Matching.Tags, .. FieldIndex.Tags, .. MimeOptions.Tags] },
        new TestDefinition("address", AddressTest.Make)
        {
            Parameters = [new("header list", ValueKind.Texts), Keys],
            Tags = [.. Matching.Tags, .. AddressParts.Tags, .. FieldIndex.Tags, new("mime", Extension: "mime"), new("anychild", Extension: "mime")],
        },
    ]);

    public static SieveExtension Envelope { get; } = new("envelope",
    [
        new TestDefinition("envelope", EnvelopeTest.Make)
        {
            Extension = "envelope",
            Parameters = [new("envelope parts", ValueKind.Texts), Keys],
            Tags = [.. Matching.Tags, .. AddressParts.Tags],
        },
    ]);

    /// <summary>Warns of names that no field can have.</summary>
    public static void CheckNames(IReadOnlyList<SieveTemplate> names, CompiledArguments arguments, SieveCompiler compiler)
    {
        foreach (var name in names.Select(name => name.Constant).OfType<string>().Where(name => !IsFieldName(name)))
        {
            compiler.Warn(arguments.Line, $"no header field can be named '{name}'");
        }
    }

    /// <summary>RFC 5322 2.2: visible ASCII but the colon.</summary>
    public static bool IsFieldName(string name) => name.Length is > 0 and <= 998 && name.All(c => c is > ' ' and < '\x7f' and not ':');
}

/// <summary>true, false, and what a compiler knows beforehand.</summary>
internal sealed class ConstantTest(bool value) : SieveTest
{
    public bool Value => value;

    /// <summary>Commands behind it may be unknown ones.</summary>
    public bool HidesUnknown { get; init; }

    public override ValueTask<bool> HoldsAsync(SieveRun run, CancellationToken cancellationToken) => new(value);
}

/// <summary>not (RFC 5228 5.8).</summary>
internal sealed class NotTest(SieveTest inner) : SieveTest
{
    public override async ValueTask<bool> HoldsAsync(SieveRun run, CancellationToken cancellationToken) => !await run.HoldsAsync(inner, cancellationToken);
}

/// <summary>anyof, allof (RFC 5228 5.2, 5.3): later tests are not asked when it is decided.</summary>
internal sealed class ManyTest(IReadOnlyList<SieveTest> tests, bool anyIsEnough) : SieveTest
{
    public override async ValueTask<bool> HoldsAsync(SieveRun run, CancellationToken cancellationToken)
    {
        foreach (var test in tests)
        {
            if (await run.HoldsAsync(test, cancellationToken) == anyIsEnough)
            {
                return anyIsEnough;
            }
        }

        return !anyIsEnough;
    }
}

/// <summary>size (RFC 5228 5.9).</summary>
internal sealed class SizeTest(bool over, ulong limit) : SieveTest
{
    public static SieveTest? Make(CompiledArguments arguments, SieveCompiler compiler)
    {
        if (arguments.Chosen("relation") is not { } relation)
        {
            compiler.Error(arguments.Line, "the size test requires either ':over' or ':under'");
            return null;
        }

        return new SizeTest(relation == "over", arguments.Number(0));
    }

    public override ValueTask<bool> HoldsAsync(SieveRun run, CancellationToken cancellationToken) =>
        new(over ? (ulong)run.Message.Size > limit : (ulong)run.Message.Size < limit);
}

/// <summary>exists (RFC 5228 5.5): all of the fields.</summary>
internal sealed class ExistsTest(IReadOnlyList<SieveTemplate> names, MimeOptions mime) : SieveTest
{
    public static SieveTest? Make(CompiledArguments arguments, SieveCompiler compiler)
    {
        BaseTests.CheckNames(arguments.Texts(0), arguments, compiler);
        return MimeOptions.Of(arguments, compiler) is { } mime ? new ExistsTest(arguments.Texts(0), mime) : null;
    }

    public override async ValueTask<bool> HoldsAsync(SieveRun run, CancellationToken cancellationToken)
    {
        foreach (var name in names)
        {
            if (!(await mime.FieldsAsync(run, name.Expand(run), cancellationToken)).Any())
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>header (RFC 5228 5.7).</summary>
internal sealed class HeaderTest(CompiledArguments arguments, Matching matching, MimeOptions mime) : SieveTest
{
    public static SieveTest? Make(CompiledArguments arguments, SieveCompiler compiler)
    {
        BaseTests.CheckNames(arguments.Texts(0), arguments, compiler);
        return Matching.Of(arguments, compiler, arguments.Texts(1)) is { } matching && MimeOptions.Of(arguments, compiler) is { } mime && FieldIndex.Check(arguments, compiler)
            ? new HeaderTest(arguments, matching, mime)
            : null;
    }

    public override async ValueTask<bool> HoldsAsync(SieveRun run, CancellationToken cancellationToken)
    {
        List<string> values = [];
        foreach (var name in arguments.Texts(0))
        {
            var fields = FieldIndex.Choose(await mime.FieldsAsync(run, name.Expand(run), cancellationToken), arguments);
            values.AddRange(fields.SelectMany(mime.Values));
        }

        return await matching.AnyAsync(run, values, arguments.Texts(1), cancellationToken);
    }
}

/// <summary>address (RFC 5228 5.1).</summary>
internal sealed class AddressTest(CompiledArguments arguments, Matching matching, MimeOptions mime) : SieveTest
{
    /// <summary>Fields known not to hold addresses may not be asked for; X- fields might.</summary>
    private static readonly HashSet<string> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        "from", "to", "cc", "bcc", "sender", "reply-to", "resent-from", "resent-to", "resent-cc", "resent-bcc", "resent-sender", "resent-reply-to", "return-path", "delivered-to",
        "envelope-to", "errors-to", "return-receipt-to", "disposition-notification-to", "original-recipient", "final-recipient", "mail-followup-to", "mail-reply-to", "approved",
        "list-id", "apparently-to", "abuse-reports-to", "followup-to", "complaints-to", "original-from", "original-to",
    };

    public static SieveTest? Make(CompiledArguments arguments, SieveCompiler compiler)
    {
        foreach (var name in arguments.Texts(0).Select(name => name.Constant).OfType<string>())
        {
            if (!BaseTests.IsFieldName(name))
            {
                compiler.Warn(arguments.Line, $"no header field can be named '{name}'");
            }
            else if (!Known.Contains(name) && !name.StartsWith("x-", StringComparison.OrdinalIgnoreCase))
            {
                compiler.Error(arguments.Line, $"header '{name}' is not allowed for the address test: it holds no addresses");
                return null;
            }
        }

        return Matching.Of(arguments, compiler, arguments.Texts(1)) is { } matching && MimeOptions.Of(arguments, compiler) is { } mime && FieldIndex.Check(arguments, compiler)
            ? new AddressTest(arguments, matching, mime)
            : null;
    }

    public override async ValueTask<bool> HoldsAsync(SieveRun run, CancellationToken cancellationToken)
    {
        var part = arguments.Chosen("part") ?? "all";
        List<string> values = [];
        foreach (var name in arguments.Texts(0))
        {
            var fields = FieldIndex.Choose(await mime.FieldsAsync(run, name.Expand(run), cancellationToken), arguments);
            values.AddRange(fields.SelectMany(field => SieveAddress.InField(field.Raw, field.ValueStart)).Select(address => Of(address, part, run)).OfType<string>());
        }

        return await matching.AnyAsync(run, values, arguments.Texts(1), cancellationToken);
    }

    /// <summary>What has no domain is no address: only as a whole can it be looked at.</summary>
    private static string? Of(SieveAddress address, string part, SieveRun run) =>
        address.Domain.Length == 0 && part != "all" ? null : address.Part(part, run.Around.AddressDelimiters);
}

/// <summary>envelope (RFC 5228 5.4): from, to and auth.</summary>
internal sealed class EnvelopeTest(CompiledArguments arguments, Matching matching) : SieveTest
{
    public static SieveTest? Make(CompiledArguments arguments, SieveCompiler compiler)
    {
        foreach (var part in arguments.Texts(0).Select(part => part.Constant).OfType<string>())
        {
            if (part.ToLowerInvariant() is not ("from" or "to" or "auth"))
            {
                compiler.Error(arguments.Line, $"unknown envelope part '{part}'");
                return null;
            }
        }

        return Matching.Of(arguments, compiler, arguments.Texts(1)) is { } matching ? new EnvelopeTest(arguments, matching) : null;
    }

    public override ValueTask<bool> HoldsAsync(SieveRun run, CancellationToken cancellationToken)
    {
        var part = arguments.Chosen("part");
        List<string> values = [];
        foreach (var name in arguments.Texts(0))
        {
            var value = name.Expand(run).ToLowerInvariant() switch { "from" => run.Envelope.From, "to" => run.Envelope.To, "auth" => run.Envelope.Auth, _ => null };
            if (value is null)
            {
                continue;
            }

            var at = value.LastIndexOf('@');
            var address = SieveAddress.Parse(value, true) ?? new SieveAddress("", at < 0 ? value : value[..at], at < 0 ? "" : value[(at + 1)..]);
            if (address.Part(part ?? "all", run.Around.AddressDelimiters) is { } wanted)
            {
                values.Add(wanted);
            }
        }

        return matching.AnyAsync(run, values, arguments.Texts(1), cancellationToken);
    }
}
