using System.Collections.Immutable;
using MailPlus.Engine.Sieve.Runtime;

namespace MailPlus.Engine.Sieve.Extensions;

/// <summary>Commands of the base language (RFC 5228 3, 4) and fileinto.</summary>
internal static class BaseCommands
{
    public static SieveExtension Extension { get; } = new("",
    [
        new CommandDefinition("require", Require) { Parameters = [new("extensions", ValueKind.Texts)] },
        new CommandDefinition("stop", (_, _) => new StopStep()),
        new CommandDefinition("discard", (_, _) => new DiscardStep()),
        new CommandDefinition("keep", (a, c) => StoreStep.Make(a, c, null)) { Tags = StoreStep.KeepTags },
        new CommandDefinition("redirect", RedirectStep.Make)
        {
            Parameters = [new("address", ValueKind.Text)],
            Tags = [new("copy", Extension: "copy"), new("list", Extension: "extlists")],
        },
    ]);

    public static SieveExtension FileInto { get; } = new("fileinto",
    [
        new CommandDefinition("fileinto", (a, c) => StoreStep.Make(a, c, a.Text(0)))
        {
            Extension = "fileinto",
            Parameters = [new("mailbox", ValueKind.Text)],
            Tags = StoreStep.FileIntoTags,
        },
    ]);

    private static SieveStep? Require(CompiledArguments arguments, SieveCompiler compiler)
    {
        foreach (var name in arguments.Texts(0))
        {
            compiler.Require(name.Constant ?? "", arguments.Line);
        }

        return null;
    }
}

/// <summary>One branch of an if.</summary>
internal sealed record IfBranch(SieveTest? Test, IReadOnlyList<SieveStep> Steps);

/// <summary>if, elsif, else (RFC 5228 3.1).</summary>
internal sealed class IfStep(IReadOnlyList<IfBranch> branches) : SieveStep
{
    public override async ValueTask<Flow> RunAsync(SieveRun run, CancellationToken cancellationToken)
    {
        foreach (var branch in branches)
        {
            if (branch.Test is null || await run.HoldsAsync(branch.Test, cancellationToken))
            {
                return await run.RunAsync(branch.Steps, cancellationToken);
            }
        }

        return Flow.Next;
    }
}

/// <summary>stop (RFC 5228 3.3).</summary>
internal sealed class StopStep : SieveStep
{
    public override ValueTask<Flow> RunAsync(SieveRun run, CancellationToken cancellationToken) => new(new Flow(FlowKind.Stop));
}

/// <summary>discard (RFC 5228 4.4).</summary>
internal sealed class DiscardStep : SieveStep
{
    public override ValueTask<Flow> RunAsync(SieveRun run, CancellationToken cancellationToken)
    {
        run.Result.CancelKeep();
        run.Result.Add(new DiscardAction(Line), run.Limits);
        return new(Flow.Next);
    }
}

/// <summary>keep and fileinto (RFC 5228 4.1, 4.3) with what extensions add.</summary>
internal sealed class StoreStep(SieveTemplate? mailbox, CompiledArguments arguments) : SieveStep
{
    public static IReadOnlyList<Tag> KeepTags { get; } = [new("flags", ValueKind.Texts, "imap4flags")];

    public static IReadOnlyList<Tag> FileIntoTags { get; } =
    [
        .. KeepTags,
        new("copy", Extension: "copy"),
        new("create", Extension: "mailbox"),
        new("specialuse", ValueKind.Text, "special-use"),
        new("mailboxid", ValueKind.Text, "mailboxid"),
    ];

    public static SieveStep? Make(CompiledArguments arguments, SieveCompiler compiler, SieveTemplate? mailbox)
    {
        if (mailbox?.Constant is { } name && !MailboxNames.IsValid(name))
        {
            compiler.Error(arguments.Line, "invalid folder name for fileinto");
            return null;
        }

        if (arguments.TagText("specialuse")?.Constant is { } use && !MailboxNames.IsSpecialUse(use))
        {
            compiler.Error(arguments.Line, $"invalid special-use attribute '{use}'");
            return null;
        }

        return new StoreStep(mailbox, arguments);
    }

    public override ValueTask<Flow> RunAsync(SieveRun run, CancellationToken cancellationToken)
    {
        var name = mailbox?.Expand(run);
        if (name is not null && !MailboxNames.IsValid(name))
        {
            throw new SieveRuntimeException(Line, "invalid folder name for fileinto");
        }

        var use = arguments.TagText("specialuse")?.Expand(run);
        if (use is not null && !MailboxNames.IsSpecialUse(use))
        {
            throw new SieveRuntimeException(Line, $"invalid special-use attribute '{use}'");
        }

        var flags = arguments.TagTexts("flags") is { } given ? Imap4Flags.Read(given.Select(flag => flag.Expand(run))) : run.Flags;
        if (!arguments.Has("copy"))
        {
            run.Result.CancelKeep();
        }

        var isInbox = name is null || name.Equals("INBOX", StringComparison.OrdinalIgnoreCase);
        run.Result.Store(
            new StoreAction(isInbox ? null : name, [.. flags], run.Message, Line) { IsKeep = mailbox is null, Create = arguments.Has("create"), SpecialUse = use, MailboxId = arguments.TagText("mailboxid")?.Expand(run) },
            run.Limits);
        return new(Flow.Next);
    }
}

/// <summary>redirect (RFC 5228 4.2).</summary>
internal sealed class RedirectStep(SieveTemplate address, bool copies) : SieveStep
{
    public static SieveStep? Make(CompiledArguments arguments, SieveCompiler compiler)
    {
        var address = arguments.Text(0);
        if (arguments.Has("list"))
        {
            if (address.Constant is { } list && !ExternalLists.IsName(list))
            {
                compiler.Error(arguments.Line, $"invalid name of a list '{list}'");
                return null;
            }

            return new RedirectListStep(address);
        }

        if (address.Constant is { } constant && SieveAddress.Parse(constant, compiler.Dialect.AllowsUtf8Addresses) is null)
        {
            compiler.Error(arguments.Line, $"'{constant}' is no address mail can be redirected to");
            return null;
        }

        return new RedirectStep(address, arguments.Has("copy"));
    }

    public override ValueTask<Flow> RunAsync(SieveRun run, CancellationToken cancellationToken)
    {
        var text = address.Expand(run);
        if (SieveAddress.Parse(text, run.Dialect.AllowsUtf8Addresses) is not { } parsed)
        {
            throw new SieveRuntimeException(Line, $"'{text}' is no address mail can be redirected to");
        }

        if (!copies)
        {
            run.Result.CancelKeep();
        }

        run.Result.Add(new RedirectAction(parsed.All, run.Message, Line), run.Limits);
        return new(Flow.Next);
    }
}

/// <summary>redirect :list (RFC 6134 2.5): lists here can be asked, not read out, so it is a mistake to send to one.</summary>
internal sealed class RedirectListStep(SieveTemplate list) : SieveStep
{
    public override ValueTask<Flow> RunAsync(SieveRun run, CancellationToken cancellationToken) =>
        throw new SieveRuntimeException(Line, $"mail cannot be redirected to the list '{list.Expand(run)}'");
}

/// <summary>Names of mailboxes in scripts.</summary>
internal static class MailboxNames
{
    private const int Longest = 1000;

    /// <summary>Well-formed UTF-8 without controls; whether a mailbox of the name can be made is the store's business.</summary>
    public static bool IsValid(string name) => name.Length is > 0 and <= Longest && Language.OctetText.IsWellFormed(name) && !name.Any(char.IsControl);

    /// <summary>A backslash and an atom (RFC 6154 6).</summary>
    public static bool IsSpecialUse(string attribute) => attribute.Length > 1 && attribute[0] == '\\' && attribute.Skip(1).All(char.IsAsciiLetterOrDigit);
}
