using MailPlus.Engine.Accounts.Policies;
using MailPlus.Engine.Domains;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.CommandLine;

/// <summary>Verbs on domains.</summary>
internal static class DomainVerbs
{
    private const int PageSize = 1000;
    private const int LargestFile = 16 * 1024 * 1024;

    internal static IReadOnlyList<Verb> All { get; } =
    [
        new Verb("domain add", "DOMAIN [--description TEXT]", AddAsync) { Options = ["--description"] },
        new Verb("domain list", "[--json]", ListAsync),
        new Verb("domain set", "DOMAIN [--description TEXT] [--additional DOMAIN,DOMAIN] [--catch-all ACCOUNT] [--postmaster ACCOUNT] (\"\" for none) [--forwarding allow|forbid] [--daily-messages N|off] [--daily-megabytes N|off] [--attachment-megabytes N|off]", SetAsync)
        {
            Options = ["--description", "--additional", "--catch-all", "--postmaster", "--forwarding", "--daily-messages", "--daily-megabytes", "--attachment-megabytes"],
        },
    ];

    /// <summary>The domain a word names.</summary>
    internal static Task<MailDomain> FindAsync(VerbContext context, int index, CancellationToken cancellationToken) =>
        FindAsync(context, DomainName.TryParse(context.Words.Word(index, "DOMAIN"), out var name) ? name : throw Malformed(), cancellationToken);

    /// <summary>A hosted domain by its name.</summary>
    internal static async Task<MailDomain> FindAsync(VerbContext context, DomainName name, CancellationToken cancellationToken)
    {
        for (var offset = 0; ; offset += PageSize)
        {
            var page = await context.Engine.Domains.ListAsync(Actor.Operator, new DomainQuery { Search = name.Ascii, Offset = offset, Limit = PageSize }, cancellationToken);
            if (page.Rows.FirstOrDefault(domain => domain.Name == name) is { } found)
            {
                return found;
            }

            if (page.Rows.Count < PageSize)
            {
                throw new RefusedException(new Refusal(RefusalKind.NotFound, "DomainUnknown") { Field = "DOMAIN", Arguments = [name.Unicode] });
            }
        }
    }

    /// <summary>The address a word is.</summary>
    internal static EmailAddress Address(VerbContext context, int index) => EmailAddress.TryParse(context.Words.Word(index, "ADDRESS"), out var address)
        ? address
        : throw new RefusedException(new Refusal(RefusalKind.Invalid, "AddressMalformed") { Field = "ADDRESS", Arguments = [context.Words.Word(index, "ADDRESS")] });

    /// <summary>A file to import.</summary>
    internal static async Task<string> ReadFileAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return new FileInfo(path).Length > LargestFile
                ? throw new RefusedException(new Refusal(RefusalKind.TooLarge, "FileTooLarge") { Field = "FILE" })
                : await File.ReadAllTextAsync(path, cancellationToken);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new UsageException(failure.Message);
        }
    }

    /// <summary>Prints what an import did.</summary>
    internal static async Task TellAsync(VerbContext context, Engine.Domains.Aliases.ImportOutcome outcome)
    {
        await context.Out.WriteLineAsync($"{outcome.Created.Count} created, {outcome.Skipped.Count} skipped, {outcome.Faults.Count} faulty.");
        foreach (var name in outcome.Skipped)
        {
            await context.Out.WriteLineAsync($"skipped: {name}");
        }

        foreach (var fault in outcome.Faults)
        {
            await context.Out.WriteLineAsync($"line {fault.Line}: {fault.Name}: {RefusalText.English(fault.Reason)}");
        }

        context.Succeeded = outcome.Faults.Count == 0;
    }

    private static RefusedException Malformed() => new(new Refusal(RefusalKind.Invalid, "DomainMalformed") { Field = "DOMAIN" });

    private static async Task SetAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var domain = await FindAsync(context, 0, cancellationToken);
        var change = new DomainChange
        {
            Description = context.Words.Find("--description"),
            CatchAll = Chosen(context, "--catch-all"),
            Postmaster = Chosen(context, "--postmaster"),
            Additional = context.Words.Find("--additional") is { } names
                ? [.. names.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(name => DomainName.TryParse(name, out var parsed) ? parsed : throw Malformed())]
                : null,
            Limits = Limits(context.Words, domain.Limits),
        };
        var changed = await context.Engine.Domains.UpdateAsync(Actor.Operator, domain.Id, change, cancellationToken);
        await context.Out.WriteLineAsync($"{changed.Name.Unicode} changed.");
    }

    private static DomainLimits Limits(CommandWords words, DomainLimits present) => new()
    {
        ForbidForwarding = words.Find("--forwarding") switch
        {
            null => present.ForbidForwarding,
            "allow" => false,
            "forbid" => true,
            _ => throw new UsageException("--forwarding is allow or forbid."),
        },
        DailyMessages = Limit(words, "--daily-messages", present.DailyMessages),
        DailyMegabytes = Limit(words, "--daily-megabytes", present.DailyMegabytes),
        AttachmentMegabytes = Limit(words, "--attachment-megabytes", present.AttachmentMegabytes),
    };

    private static long? Limit(CommandWords words, string option, long? present) => words.Find(option) switch
    {
        null => present,
        "off" => null,
        var text => PolicyVerbs.Number(text, option),
    };

    private static ChosenAccount? Chosen(VerbContext context, string option) => context.Words.Find(option) switch
    {
        null => null,
        "" => ChosenAccount.Nobody,
        var name => new ChosenAccount((context.Engine.AddressBook.FindByLogin(name) ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "AccountUnknown") { Field = option })).Id),
    };

    private static async Task AddAsync(VerbContext context, CancellationToken cancellationToken)
    {
        if (!DomainName.TryParse(context.Words.Word(0, "DOMAIN"), out var name))
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "DomainMalformed") { Field = "DOMAIN" });
        }

        var made = await context.Engine.Domains.AddAsync(Actor.Operator, new NewDomain(name, context.Words.Find("--description") ?? ""), cancellationToken);
        await context.Out.WriteLineAsync($"{made.Name.Unicode} added.");
    }

    private static async Task ListAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var rows = new List<object>();
        for (var page = await ReadAsync(0); page.Rows.Count > 0; page = await ReadAsync(rows.Count))
        {
            rows.AddRange(page.Rows.Select(domain => (object)new
            {
                Domain = domain.Name.Unicode,
                domain.Name.Ascii,
                domain.Description,
                Additional = domain.Additional.Select(additional => additional.Unicode).ToArray(),
                CatchAll = domain.CatchAll is { } account ? context.Engine.AddressBook.Find(account)?.Name : null,
                domain.Members,
                Created = domain.Created.ToDateTimeOffset(),
            }));
        }

        context.Print(rows);

        Task<Page<MailDomain>> ReadAsync(int offset) => context.Engine.Domains.ListAsync(Actor.Operator, new DomainQuery { Offset = offset, Limit = PageSize }, cancellationToken);
    }
}
