using MailPlus.Engine.Sieve.Runtime;

namespace MailPlus.Engine.Sieve.Extensions;

/// <summary>enotify (RFC 5435) by mail (RFC 5436).</summary>
internal static class EnotifyExtension
{
    public static SieveExtension Extension { get; } = new("enotify",
    [
        new CommandDefinition("notify", Notify)
        {
            Extension = "enotify",
            Parameters = [new("method", ValueKind.Text)],
            Tags =
            [
                new("from", ValueKind.Text), new("importance", ValueKind.Text), new("options", ValueKind.Texts), new("message", ValueKind.Text), .. FileCarbonCopies.Tags,
            ],
        },
        new TestDefinition("valid_notify_method", (a, _) => new AskTest((run, _) => new(a.Texts(0).All(uri => Mailto.Parse(uri.Expand(run), out var _) is not null))))
        {
            Extension = "enotify",
            Parameters = [new("notification URIs", ValueKind.Texts)],
        },
        new TestDefinition("notify_method_capability", Capability)
        {
            Extension = "enotify",
            Parameters = [new("notification URI", ValueKind.Text), new("capability", ValueKind.Text), new("key list", ValueKind.Texts)],
            Tags = Matching.Tags,
        },
    ]);

    private static SieveStep? Notify(CompiledArguments arguments, SieveCompiler compiler)
    {
        var isRight = FileCarbonCopies.Check(arguments, compiler);
        if (arguments.TagText("from")?.Constant is { } from && SieveAddress.Parse(from, compiler.Dialect.AllowsUtf8Addresses) is null)
        {
            compiler.Error(arguments.Line, $"':from' of the notify command is no address: '{from}'");
            isRight = false;
        }

        if (arguments.TagText("importance")?.Constant is { } importance && importance is not ("1" or "2" or "3"))
        {
            compiler.Error(arguments.Line, "':importance' is \"1\", \"2\" or \"3\"");
            isRight = false;
        }

        foreach (var option in (arguments.TagTexts("options") ?? []).Select(option => option.Constant).OfType<string>().Where(option => !IsOption(option)))
        {
            compiler.Error(arguments.Line, $"'{option}' is no option of a notification");
            isRight = false;
        }

        if (arguments.Text(0).Constant is { } uri && Mailto.Parse(uri, out var wrong) is null)
        {
            compiler.Error(arguments.Line, wrong!);
            isRight = false;
        }

        return !isRight ? null : new DoStep((run, _) =>
        {
            var text = arguments.Text(0).Expand(run);
            if (Mailto.Parse(text, out var mistake) is not { } method)
            {
                throw new SieveRuntimeException(arguments.Line, mistake!);
            }

            var sender = arguments.TagText("from")?.Expand(run);
            run.Result.Add(
                new NotifyAction(method, arguments.Line)
                {
                    From = sender is not null && SieveAddress.Parse(sender, run.Dialect.AllowsUtf8Addresses) is not null ? sender : null,
                    Message = arguments.TagText("message")?.Expand(run),
                    Importance = arguments.TagText("importance")?.Expand(run) switch { "1" => 1, "3" => 3, _ => 2 },
                    Fcc = FileCarbonCopies.Of(arguments, run),
                },
                run.Limits);
            return ValueTask.CompletedTask;
        });
    }

    /// <summary>Whether somebody is there to read mail is never known.</summary>
    private static SieveTest? Capability(CompiledArguments arguments, SieveCompiler compiler) => Matching.Of(arguments, compiler, arguments.Texts(2)) is { } matching
        ? new AskTest((run, token) => matching.AnyAsync(
            run,
            arguments.Text(1).Expand(run).Equals("online", StringComparison.OrdinalIgnoreCase) && Mailto.Parse(arguments.Text(0).Expand(run), out _) is not null ? ["maybe"] : [],
            arguments.Texts(2),
            token))
        : null;

    /// <summary>RFC 5435 3.5: a name that begins with a letter or digit, "=", a value of one line.</summary>
    private static bool IsOption(string option)
    {
        var equals = option.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 && char.IsAsciiLetterOrDigit(option[0]) && option[..equals].All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_') && option.IndexOfAny(['\r', '\n']) < 0;
    }
}

/// <summary>mailto URIs (RFC 6068) as notifications take them.</summary>
internal static class Mailto
{
    private const int MaximumRecipients = 8;
    private const int MaximumHeaders = 16;
    private const int Longest = 4000;

    private static readonly HashSet<string> NotAllowed = new(StringComparer.OrdinalIgnoreCase)
    {
        "date", "message-id", "mime-version", "received", "return-path", "auto-submitted", "bcc", "resent-bcc", "sender", "from",
        "authentication-results", "dkim-signature", "delivered-to", "precedence", "x-sieve",
    };

    /// <summary>The parts of a URI; null with what is wrong.</summary>
    public static NotifyMethod? Parse(string uri, out string? wrong)
    {
        wrong = null;
        if (!uri.StartsWith("mailto:", StringComparison.OrdinalIgnoreCase))
        {
            wrong = $"unknown way to notify '{uri}': only mailto: is known";
            return null;
        }

        var rest = uri[7..];
        if (rest.FirstOrDefault(c => c <= ' ' || c >= '\x7f' || "<>\"\\^`{|}#[];".Contains(c, StringComparison.Ordinal)) is var strange && strange != default)
        {
            wrong = $"'{strange}' cannot stand in a mailto URI";
            return null;
        }

        if (rest.Length > Longest)
        {
            wrong = $"a mailto URI is at most {Longest} characters long";
            return null;
        }

        var mark = rest.IndexOf('?', StringComparison.Ordinal);
        List<(string, SieveAddress)> recipients = [];
        List<(string, string)> headers = [];
        string? body = null;
        if (!AddAll(mark < 0 ? rest : rest[..mark], "To", recipients, ref wrong))
        {
            return null;
        }

        foreach (var pair in mark < 0 ? [] : rest[(mark + 1)..].Split('&'))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? null : Decode(pair[..equals]);
            var value = equals < 0 ? null : Decode(pair[(equals + 1)..]);
            if (name is null || value is null || !BaseTests.IsFieldName(name))
            {
                wrong = $"'{pair}' is no header field of a mailto URI";
                return null;
            }

            if (name.Equals("body", StringComparison.OrdinalIgnoreCase))
            {
                body ??= value;
            }
            else if (name.Equals("to", StringComparison.OrdinalIgnoreCase) || name.Equals("cc", StringComparison.OrdinalIgnoreCase))
            {
                if (!AddAll(pair[(equals + 1)..], name.Equals("to", StringComparison.OrdinalIgnoreCase) ? "To" : "Cc", recipients, ref wrong))
                {
                    return null;
                }
            }
            else if (!NotAllowed.Contains(name) && !name.StartsWith("content-", StringComparison.OrdinalIgnoreCase) && !name.StartsWith("arc-", StringComparison.OrdinalIgnoreCase) && headers.Count < MaximumHeaders)
            {
                headers.Add((name, value.ReplaceLineEndings(" ")));
            }
        }

        if (recipients.Count is 0 or > MaximumRecipients)
        {
            wrong = recipients.Count == 0 ? "the mailto URI names nobody" : $"a notification goes to at most {MaximumRecipients} addresses";
            return null;
        }

        return new NotifyMethod(uri, recipients, headers, body);
    }

    private static bool AddAll(string list, string field, List<(string Field, SieveAddress Address)> recipients, ref string? wrong)
    {
        // The commas between addresses come encoded too (RFC 5436 2.1 rests on the older form of these URIs).
        foreach (var text in Decode(list) is { } decoded ? Addresses(decoded) : [list])
        {
            if (SieveAddress.Parse(text, true) is not { } address)
            {
                wrong = $"'{text}' is no address";
                return false;
            }

            if (!recipients.Exists(known => known.Address.All.Equals(address.All, StringComparison.OrdinalIgnoreCase)))
            {
                recipients.Add((field, address));
            }
        }

        return true;
    }

    private static IEnumerable<string> Addresses(string list)
    {
        var (from, isQuoted) = (0, false);
        for (var i = 0; i <= list.Length; i++)
        {
            isQuoted ^= i < list.Length && list[i] == '"';
            if (i == list.Length || (list[i] == ',' && !isQuoted))
            {
                if (list[from..i].Trim() is { Length: > 0 } one)
                {
                    yield return one;
                }

                from = i + 1;
            }
        }
    }

    private static string? Decode(string text)
    {
        var octets = new List<byte>();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '%')
            {
                octets.Add((byte)text[i]);
            }
            else if (i + 2 < text.Length && byte.TryParse(text.AsSpan(i + 1, 2), System.Globalization.NumberStyles.AllowHexSpecifier, null, out var octet) && octet != 0)
            {
                octets.Add(octet);
                i += 2;
            }
            else
            {
                return null;
            }
        }

        return Language.OctetText.Read([.. octets]);
    }
}
