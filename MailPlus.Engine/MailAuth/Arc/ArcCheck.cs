using System.Buffers;
using System.Globalization;
using MailPlus.Engine.MailAuth.Dkim;
using MailPlus.Engine.MailAuth.Spf;
using MailPlus.Engine.Mime;

namespace MailPlus.Engine.MailAuth.Arc;

/// <summary>State of the chain (RFC 8617 4.4): none, pass or fail, or temperror where DNS did not answer.</summary>
/// <param name="Result">The state.</param>
/// <param name="Sealers">Domains that sealed, the first one first; empty unless it passes.</param>
public sealed record ArcOutcome(AuthResult Result, IReadOnlyList<string> Sealers)
{
    /// <summary>Why it did not pass.</summary>
    public string Detail { get; init; } = "";
}

/// <summary>One set of a chain.</summary>
internal sealed record ArcSet(HeaderField Results, HeaderField Message, HeaderField Seal);

/// <summary>A chain whose structure is right.</summary>
/// <param name="Sets">Sets from instance 1.</param>
/// <param name="Newest">The newest message signature, read.</param>
/// <param name="Seals">Tags of the seals.</param>
internal sealed record ArcChain(IReadOnlyList<ArcSet> Sets, DkimSignature Newest, IReadOnlyList<Dictionary<string, string>> Seals);

/// <summary>Validates chains of ARC (RFC 8617 5.2).</summary>
/// <param name="signatures">Checks signatures.</param>
internal sealed class ArcCheck(SignatureCheck signatures)
{
    private const int MostSets = 50; // RFC 8617 4.2.1
    private const int LongestChain = 256 * 1024;

    /// <summary>Reads the chain. Null with an outcome when there is none, or when it is broken already.</summary>
    public static ArcChain? Read(SignedHeader header, out ArcOutcome outcome)
    {
        var results = header.Named("ARC-Authentication-Results");
        var messages = header.Named("ARC-Message-Signature");
        var seals = header.Named("ARC-Seal");
        outcome = new ArcOutcome(AuthResult.None, []);
        if (results.Count + messages.Count + seals.Count == 0)
        {
            return null;
        }

        outcome = Broken("the sets are not complete");
        var count = seals.Count;
        if (count > MostSets || results.Count != count || messages.Count != count || results.Concat(messages).Concat(seals).Sum(field => field.Length) > LongestChain)
        {
            return null;
        }

        var resultsOf = ByInstance(results, field => ResultsInstance(header.Value(field)));
        var messagesOf = ByInstance(messages, field => Instance(TagList.Read(header.Value(field))));
        var sealsOf = ByInstance(seals, field => Instance(TagList.Read(header.Value(field))));
        if (resultsOf is null || messagesOf is null || sealsOf is null)
        {
            return null;
        }

        var tags = sealsOf.Select(field => TagList.Read(header.Value(field))!).ToList();
        for (var i = 0; i < count; i++)
        {
            // RFC 8617 5.1.1, 5.2: cv of the first seal is none, of the others pass.
            if (!IsSeal(tags[i]) || tags[i].GetValueOrDefault("cv") != (i == 0 ? "none" : "pass"))
            {
                outcome = Broken($"seal {i + 1} is not in order");
                return null;
            }
        }

        var newest = DkimSignature.Read(messagesOf[^1], header.Value(messagesOf[^1]), true, out var fault);
        if (newest is null || newest.Names.Contains("arc-seal", StringComparer.OrdinalIgnoreCase)) // 4.1.2
        {
            outcome = Broken($"message signature {count}: {fault.Detail}");
            return null;
        }

        return new ArcChain([.. Enumerable.Range(0, count).Select(i => new ArcSet(resultsOf[i], messagesOf[i], sealsOf[i]))], newest, tags);
    }

    /// <summary>Verifies the newest message signature, then every seal.</summary>
    public async Task<ArcOutcome> VerifyAsync(ArcChain chain, SignedHeader header, BodyHash body, CancellationToken cancellationToken)
    {
        var (result, detail) = await signatures.JudgeAsync(chain.Newest, header, body, cancellationToken);
        if (result != AuthResult.Pass)
        {
            return Ended(result, $"message signature {chain.Sets.Count}: {detail}");
        }

        for (var newest = chain.Sets.Count - 1; newest >= 0; newest--)
        {
            var signed = new ArrayBufferWriter<byte>();
            for (var i = 0; i <= newest; i++)
            {
                header.Append(chain.Sets[i].Results, true, signed);
                header.Append(chain.Sets[i].Message, true, signed);
                if (i < newest)
                {
                    header.Append(chain.Sets[i].Seal, true, signed);
                }
            }

            header.AppendUnsigned(chain.Sets[newest].Seal, true, signed);
            var tags = chain.Seals[newest];
            var key = $"{tags["s"]}._domainkey.{tags["d"]}".ToLowerInvariant();
            var seal = await signatures.VerifyAsync(key, tags["a"][0] == 'e', signed.WrittenMemory, TagList.Base64(tags["b"])!, true, cancellationToken);
            if (seal.Result != AuthResult.Pass)
            {
                return Ended(seal.Result, $"seal {newest + 1}: {seal.Detail}");
            }
        }

        return new ArcOutcome(AuthResult.Pass, [.. chain.Seals.Select(tags => tags["d"].ToLowerInvariant())]);
    }

    private static ArcOutcome Broken(string why) => new(AuthResult.Fail, []) { Detail = why };

    private static ArcOutcome Ended(AuthResult result, string why) => new(result == AuthResult.TempError ? result : AuthResult.Fail, []) { Detail = why };

    private static bool IsSeal(Dictionary<string, string> tags)
    {
        var named = tags.TryGetValue("d", out var domain) && tags.TryGetValue("s", out var selector)
            && SpfNames.IsCheckable(domain) && SpfNames.IsName(selector) && SpfNames.IsName($"{selector}._domainkey.{domain}");
        var timed = !tags.TryGetValue("t", out var time) || (time.Length is > 0 and <= 12 && time.All(char.IsAsciiDigit));
        return named && timed && !tags.ContainsKey("h") && tags.GetValueOrDefault("a") is "rsa-sha256" or "ed25519-sha256" && TagList.Base64(tags.GetValueOrDefault("b", "")) is not null;
    }

    /// <summary>Fields by instance 1, 2, …; null when one is missing or there twice.</summary>
    private static IReadOnlyList<HeaderField>? ByInstance(IReadOnlyList<HeaderField> fields, Func<HeaderField, int> instance)
    {
        var ordered = new HeaderField?[fields.Count];
        foreach (var field in fields)
        {
            var i = instance(field);
            if (i < 1 || i > ordered.Length || ordered[i - 1] is not null)
            {
                return null;
            }

            ordered[i - 1] = field;
        }

        return [.. ordered.Select(field => field!.Value)];
    }

    private static int Instance(Dictionary<string, string>? tags) => Number(tags?.GetValueOrDefault("i", "") ?? "");

    private static int ResultsInstance(string value)
    {
        var end = value.IndexOf(';', StringComparison.Ordinal);
        var first = end < 0 ? "" : TagList.Dense(value[..end]);
        return first.StartsWith("i=", StringComparison.Ordinal) ? Number(first[2..]) : 0;
    }

    private static int Number(string text) => text.Length is > 0 and <= 2 && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
