using System.Globalization;
using MailPlus.Engine.Sieve.Runtime;

namespace MailPlus.Engine.Sieve.Extensions;

/// <summary>duplicate (RFC 7352).</summary>
internal static class DuplicateExtension
{
    private const ulong Longest = 90 * 86400;
    private const int LongestHandle = 300;

    public static SieveExtension Extension { get; } = new("duplicate",
    [
        new TestDefinition("duplicate", Make)
        {
            Extension = "duplicate",
            Tags =
            [
                new("handle", ValueKind.Text),
                new("header", ValueKind.Text, Group: "id"),
                new("uniqueid", ValueKind.Text, Group: "id"),
                new("seconds", ValueKind.Number),
                new("last"),
            ],
        },
    ]);

    private static AskTest Make(CompiledArguments arguments, SieveCompiler compiler) => new(async (run, token) =>
    {
        var id = arguments.TagText("uniqueid")?.Expand(run) ?? run.Message.Named(arguments.TagText("header")?.Expand(run) ?? "Message-ID").FirstOrDefault()?.Value;
        if (string.IsNullOrEmpty(id))
        {
            return false; // RFC 7352 3.1
        }

        var handle = arguments.TagText("handle")?.Expand(run) ?? "";
        var seconds = Math.Min(Longest, arguments.TagNumber("seconds") ?? 7 * 86400);
        return await run.Around.IsDuplicateAsync(new DuplicateKey(handle.Length > LongestHandle ? handle[..LongestHandle] : handle, id, seconds, arguments.Has("last")), token);
    });
}

/// <summary>environment (RFC 5183).</summary>
internal static class EnvironmentExtension
{
    public static SieveExtension Extension { get; } = new("environment",
    [
        new TestDefinition("environment", (a, c) => Matching.Of(a, c, a.Texts(1)) is { } matching
            ? new AskTest((run, token) => matching.AnyAsync(run, run.Around.Environment(a.Text(0).Expand(run).ToLowerInvariant()) is { } value ? [value] : [], a.Texts(1), token))
            : null)
        {
            Extension = "environment",
            Parameters = [new("name", ValueKind.Text), new("key list", ValueKind.Texts)],
            Tags = Matching.Tags,
        },
    ]);
}

/// <summary>ihave and error (RFC 5463).</summary>
internal static class IhaveExtension
{
    /// <summary>What changes how everything is read cannot be tried (RFC 5463 4).</summary>
    private static readonly string[] NotToBeTried = ["variables", "encoded-character"];

    public static SieveExtension Extension { get; } = new("ihave",
    [
        new TestDefinition("ihave", Make) { Extension = "ihave", Parameters = [new("capabilities", ValueKind.Texts)] },
        new CommandDefinition("error", (a, _) => new DoStep((run, _) => throw new SieveRuntimeException(a.Line, a.Text(0).Expand(run))))
        {
            Extension = "ihave",
            Parameters = [new("message", ValueKind.Text)],
        },
    ]);

    private static ConstantTest Make(CompiledArguments arguments, SieveCompiler compiler)
    {
        var names = arguments.Texts(0).Select(name => name.Constant ?? "").ToList();
        var all = names.TrueForAll(name => compiler.Dialect.Extensions.ContainsKey(name) && !NotToBeTried.Contains(name));
        foreach (var name in names.Where(_ => all))
        {
            compiler.Require(name, arguments.Line);
        }

        return new ConstantTest(all) { HidesUnknown = true };
    }
}

/// <summary>spamtest, spamtestplus and virustest (RFC 5235).</summary>
internal static class SpamTests
{
    public static SieveExtension Spam { get; } = new("spamtest",
    [
        new TestDefinition("spamtest", MakeSpam)
        {
            Extension = "spamtest",
            OrExtension = "spamtestplus",
            Parameters = [new("value", ValueKind.Text)],
            Tags = [.. Matching.Tags, new("percent", Extension: "spamtestplus")],
        },
    ]);

    public static SieveExtension SpamPlus { get; } = new("spamtestplus", []);

    public static SieveExtension Virus { get; } = new("virustest",
    [
        new TestDefinition("virustest", (a, c) => Matching.Of(a, c, [a.Text(0)]) is { } matching
            ? new AskTest(async (run, token) =>
                await matching.AnyAsync(run, [(await run.Around.VirusAsync(run.Message, token)).ToString(CultureInfo.InvariantCulture)], [a.Text(0)], token))
            : null)
        {
            Extension = "virustest",
            Parameters = [new("value", ValueKind.Text)],
            Tags = Matching.Tags,
        },
    ]);

    /// <summary>0 when nobody looked, else 1 to 10 (RFC 5235 2.1), or with :percent 0 to 100.</summary>
    private static AskTest? MakeSpam(CompiledArguments arguments, SieveCompiler compiler)
    {
        if (Matching.Of(arguments, compiler, [arguments.Text(0)]) is not { } matching)
        {
            return null;
        }

        var asksPercent = arguments.Has("percent");
        return new AskTest(async (run, token) =>
        {
            var percent = await run.Around.SpamPercentAsync(run.Message, token);
            if (matching.Type == "count" && percent is null)
            {
                return await matching.AnyAsync(run, [], [arguments.Text(0)], token);
            }

            var value = percent is null ? 0 : asksPercent ? (int)Math.Round(percent.Value, MidpointRounding.AwayFromZero) : 1 + (int)Math.Floor((percent.Value * 9 / 100) + 1e-9);
            return await matching.AnyAsync(run, [value.ToString(CultureInfo.InvariantCulture)], [arguments.Text(0)], token);
        });
    }
}

/// <summary>extlists (RFC 6134).</summary>
internal static class ExternalLists
{
    public static SieveExtension Extension { get; } = new("extlists",
    [
        new TestDefinition("valid_ext_list", (a, _) => new AskTest((run, _) => new(a.Texts(0).All(list => run.Around.KnowsList(list.Expand(run))))))
        {
            Extension = "extlists",
            Parameters = [new("list names", ValueKind.Texts)],
        },
    ]);

    /// <summary>A URI: a scheme and something behind it, or the short form of an address book.</summary>
    public static bool IsName(string name)
    {
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        return name.StartsWith(':')
            ? name.Length > 1 && name.All(c => c is > ' ' and < '\x7f')
            : colon > 0 && colon + 1 < name.Length && char.IsAsciiLetter(name[0]) && name[..colon].All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '.') && name.All(c => c is > ' ' and < '\x7f');
    }
}
