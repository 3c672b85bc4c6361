using System.Text;
using MailPlus.Engine.Sieve.Language;
using MailPlus.Engine.Sieve.Runtime;
using MimeKit;

namespace MailPlus.Engine.Sieve.Extensions;

/// <summary>body (RFC 5173).</summary>
internal static class BodyExtension
{
    public static SieveExtension Extension { get; } = new("body",
    [
        new TestDefinition("body", Make)
        {
            Extension = "body",
            Parameters = [new("key list", ValueKind.Texts)],
            Tags = [.. Matching.Tags, new("raw", Group: "transform"), new("content", ValueKind.Texts, Group: "transform"), new("text", Group: "transform")],
        },
    ]);

    /// <summary>A part as text: transfer encoding and charset undone; octets of what is no text.</summary>
    public static string Decoded(MimeEntity part, int maximum)
    {
        if (part is TextPart text)
        {
            var whole = text.Text ?? "";
            return whole.Length > maximum ? whole[..maximum] : whole;
        }

        if (part is not MimePart { Content: { } content })
        {
            return "";
        }

        using var octets = new MemoryStream();
        using var decoded = content.Open();
        var buffer = new byte[8192];
        for (int read; octets.Length < maximum && (read = decoded.Read(buffer)) > 0;)
        {
            octets.Write(buffer, 0, read);
        }

        return OctetText.Read(octets.GetBuffer().AsSpan(0, (int)Math.Min(octets.Length, maximum)));
    }

    private static SieveTest? Make(CompiledArguments arguments, SieveCompiler compiler)
    {
        if (Matching.Of(arguments, compiler, arguments.Texts(0)) is not { } matching)
        {
            return null;
        }

        return new AskTest(async (run, token) =>
        {
            IReadOnlyList<string> values = arguments.Chosen("transform") == "raw"
                ? await run.Message.RawBodyAsync(run.Limits.BodyText, token) is { } raw ? [raw] : []
                : await PartsAsync(arguments, run, token);

            // RFC 5173 6: wildcards are no match values here.
            var kept = run.Variables.Matches;
            var holds = await matching.AnyAsync(run, values, arguments.Texts(0), token);
            run.Variables.SetMatches(kept);
            return holds;
        });
    }

    private static async ValueTask<IReadOnlyList<string>> PartsAsync(CompiledArguments arguments, SieveRun run, CancellationToken cancellationToken)
    {
        if (!run.Message.HasBody)
        {
            return [];
        }

        IReadOnlyList<string> types = arguments.TagTexts("content") is { } given ? [.. given.Select(type => type.Expand(run))] : ["text"];
        var message = await run.Message.MimeAsync(cancellationToken);
        List<string> values = [];
        var left = run.Limits.BodyText;
        foreach (var part in MimeParts.Within(message.Body).Where(part => types.Any(type => Is(part.ContentType, type))))
        {
            var value = part switch
            {
                Multipart many => (many.Preamble ?? "") + (many.Epilogue ?? ""),
                MessagePart inner => Header(inner.Message),
                _ => Decoded(part, left),
            };
            left -= value.Length;
            values.Add(value);
            if (left <= 0)
            {
                break;
            }
        }

        return values;
    }

    /// <summary>RFC 5173 5.2: a type, a type with its subtype, or nothing for all.</summary>
    private static bool Is(ContentType type, string wanted) => wanted.Length == 0
        || wanted.Split('/') is [var main, ..] && main.Equals(type.MediaType, StringComparison.OrdinalIgnoreCase)
        && (!wanted.Contains('/', StringComparison.Ordinal) || wanted.Equals(type.MimeType, StringComparison.OrdinalIgnoreCase));

    private static string Header(MimeMessage? message)
    {
        var text = new StringBuilder();
        foreach (var header in message?.Headers ?? [])
        {
            text.Append(header.Field).Append(':').Append(OctetText.Read(header.RawValue));
        }

        return text.ToString();
    }
}
