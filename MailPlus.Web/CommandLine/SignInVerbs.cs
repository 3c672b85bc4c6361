using MailPlus.Engine.Accounts;
using MailPlus.Engine.Accounts.Credentials;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.CommandLine;

/// <summary>Verbs on log-ins that are held back. What is held lives in the running server's memory: without one nobody is.</summary>
internal static class SignInVerbs
{
    private const int MostRows = 1000;

    internal static IReadOnlyList<Verb> All { get; } =
    [
        new Verb("signin list", "[--search TEXT] [--json]", ListAsync) { Options = ["--search"] },
        new Verb("signin release", "NAME|ADDRESS ...", ReleaseAsync),
    ];

    private static Task ListAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var page = context.Engine.SignInLocks.List(Actor.Operator, new SignInLockQuery { Search = context.Words.Find("--search") ?? "", Limit = MostRows });
        context.Print(
        [
            .. page.Rows.Select(held => (object)new
            {
                held.Subject.Name,
                Kind = held.Subject.Kind.ToString().ToLowerInvariant(),
                held.Failures,
                Last = held.Last.ToDateTimeOffset(),
                BlockedUntil = held.ShutUntil?.ToDateTimeOffset(),
            }),
        ]);
        return Task.CompletedTask;
    }

    private static async Task ReleaseAsync(VerbContext context, CancellationToken cancellationToken)
    {
        context.Words.Word(0, "NAME");
        var named = context.Words.Words.ToHashSet(StringComparer.OrdinalIgnoreCase);

        // By any name or address of an account: what is counted is its log-in name.
        foreach (var account in context.Words.Words.Select(context.Engine.AddressBook.FindByLogin).OfType<Account>())
        {
            named.Add(account.Name);
        }

        var released = await context.Engine.SignInLocks.ReleaseAsync(Actor.Operator, [.. named.SelectMany(Subjects)], cancellationToken);
        if (released == 0)
        {
            throw new RefusedException(new Refusal(RefusalKind.NotFound, "SignInNotHeld"));
        }

        await context.Out.WriteLineAsync($"{released} released.");
    }

    private static IEnumerable<SignInSubject> Subjects(string name) => [new(SignInSubjectKind.Account, name.ToLowerInvariant()), new(SignInSubjectKind.Address, name)];
}
