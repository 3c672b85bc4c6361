using MailPlus.Engine.Sieve.Runtime;

namespace MailPlus.Engine.Sieve.Extensions;

/// <summary>vacation (RFC 5230) and vacation-seconds (RFC 6131).</summary>
internal static class Vacation
{
    private const ulong Day = 86400;
    private const ulong Longest = 365 * Day;

    public static SieveExtension Extension { get; } = new("vacation",
    [
        new CommandDefinition("vacation", Make)
        {
            Extension = "vacation",
            Parameters = [new("reason", ValueKind.Text)],
            Tags =
            [
                new("days", ValueKind.Number, Group: "period"),
                new("seconds", ValueKind.Number, "vacation-seconds", "period"),
                new("subject", ValueKind.Text),
                new("from", ValueKind.Text),
                new("addresses", ValueKind.Texts),
                new("mime"),
                new("handle", ValueKind.Text),
                .. FileCarbonCopies.Tags,
            ],
        },
    ]);

    public static SieveExtension Seconds { get; } = new("vacation-seconds", []) { Implies = ["vacation"] };

    private static SieveStep? Make(CompiledArguments arguments, SieveCompiler compiler)
    {
        if (arguments.TagText("from")?.Constant is { } from && SieveAddress.Parse(from, compiler.Dialect.AllowsUtf8Addresses) is null)
        {
            compiler.Error(arguments.Line, $"':from' of the vacation command is no address: '{from}'");
            return null;
        }

        if (!FileCarbonCopies.Check(arguments, compiler))
        {
            return null;
        }

        return new DoStep((run, _) =>
        {
            var reason = arguments.Text(0).Expand(run);
            var subject = arguments.TagText("subject")?.Expand(run);
            var sender = arguments.TagText("from")?.Expand(run);
            if (sender is not null && SieveAddress.Parse(sender, run.Dialect.AllowsUtf8Addresses) is null)
            {
                sender = null; // from a variable: the server's own choice is better than none
            }

            // RFC 5230 4.2: without a handle, what makes this answer another one.
            var handle = arguments.TagText("handle")?.Expand(run) ?? $"\n{subject}\n{sender}\n{arguments.Has("mime")}\n{reason}";
            run.Result.Add(
                new VacationAction(reason, arguments.Line)
                {
                    Subject = subject,
                    From = sender,
                    Handle = handle,
                    Seconds = Math.Min(Longest, arguments.TagNumber("seconds") ?? Math.Max(1, Math.Min(Longest / Day, arguments.TagNumber("days") ?? 7)) * Day),
                    IsMime = arguments.Has("mime"),
                    Addresses = [.. (arguments.TagTexts("addresses") ?? []).Select(address => address.Expand(run))],
                    Fcc = FileCarbonCopies.Of(arguments, run),
                },
                run.Limits);
            return ValueTask.CompletedTask;
        });
    }
}

/// <summary>fcc (RFC 8580): a copy of what vacation and notify send.</summary>
internal static class FileCarbonCopies
{
    private static readonly string[] Needing = ["create", "flags", "specialuse", "mailboxid"];

    public static SieveExtension Extension { get; } = new("fcc", []);

    public static IReadOnlyList<Tag> Tags { get; } =
    [
        new("fcc", ValueKind.Text, "fcc"),
        new("create", Extension: "fcc"),
        new("flags", ValueKind.Texts, "fcc"),
        new("specialuse", ValueKind.Text, "fcc"),
        new("mailboxid", ValueKind.Text, "fcc"),
    ];

    public static bool Check(CompiledArguments arguments, SieveCompiler compiler)
    {
        if (!arguments.Has("fcc") && Needing.FirstOrDefault(arguments.Has) is { } lone)
        {
            compiler.Error(arguments.Line, $"the ':{lone}' tag needs ':fcc'");
            return false;
        }

        if (arguments.TagText("fcc")?.Constant is { } mailbox && !MailboxNames.IsValid(mailbox))
        {
            compiler.Error(arguments.Line, "invalid folder name for ':fcc'");
            return false;
        }

        return true;
    }

    public static FileCarbonCopy? Of(CompiledArguments arguments, SieveRun run)
    {
        if (arguments.TagText("fcc")?.Expand(run) is not { } mailbox)
        {
            return null;
        }

        if (!MailboxNames.IsValid(mailbox))
        {
            throw new SieveRuntimeException(arguments.Line, "invalid folder name for ':fcc'");
        }

        return new FileCarbonCopy(
            mailbox,
            Imap4Flags.Read((arguments.TagTexts("flags") ?? []).Select(flag => flag.Expand(run))),
            arguments.Has("create"),
            arguments.TagText("specialuse")?.Expand(run),
            arguments.TagText("mailboxid")?.Expand(run));
    }
}

/// <summary>reject and ereject (RFC 5429).</summary>
internal static class Reject
{
    public static SieveExtension Extension { get; } = new("reject", [Define("reject")]);

    public static SieveExtension Extended { get; } = new("ereject", [Define("ereject")]);

    private static CommandDefinition Define(string name) => new(name, (a, _) => new DoStep((run, _) =>
    {
        run.Result.CancelKeep();
        run.Result.Add(new RejectAction(a.Text(0).Expand(run), name == "ereject", a.Line), run.Limits);
        return ValueTask.CompletedTask;
    }))
    {
        Extension = name,
        Parameters = [new("reason", ValueKind.Text)],
    };
}
