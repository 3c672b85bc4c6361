using MailPlus.Engine.Delivery;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.CommandLine;

/// <summary>Verbs on the queue.</summary>
internal static class QueueVerbs
{
    private const int PageSize = 1000;
    private const int MostRows = 100_000;

    internal static IReadOnlyList<Verb> All { get; } =
    [
        new Verb("queue list", "[--search TEXT] [--json]", ListAsync) { Options = ["--search"] },
        new Verb("queue retry", "[ID ...]", RetryAsync) { Options = ["--all"] },
        new Verb("queue remove", "ID ...", RemoveAsync),
    ];

    private static async Task ListAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var entries = new List<QueuedMessage>();
        for (var page = await ReadAsync(0); page.Rows.Count > 0 && entries.Count < MostRows; page = await ReadAsync(entries.Count))
        {
            entries.AddRange(page.Rows);
        }

        if (context.Words.Has("--json"))
        {
            context.Print([.. entries.Select(ForPrograms)]);
        }
        else
        {
            context.Print([.. entries.SelectMany(ForPeople)]);
        }

        Task<Page<QueuedMessage>> ReadAsync(int offset) => context.Engine.Queue.ListAsync(
            Actor.Operator, new QueueQuery { Search = context.Words.Find("--search") ?? "", Offset = offset, Limit = PageSize }, cancellationToken);
    }

    private static object ForPrograms(QueuedMessage entry) => new
    {
        Id = entry.Entry.ToString(),
        entry.Sender,
        entry.Subject,
        entry.MessageId,
        entry.Size,
        Accepted = entry.Accepted.ToDateTimeOffset(),
        HeldUntil = entry.HeldUntil?.ToDateTimeOffset(),
        DeliverBy = entry.DeliverBy?.ToDateTimeOffset(),
        entry.Priority,
        Recipients = entry.Recipients.Select(recipient => new
        {
            recipient.Address,
            State = State(recipient.State),
            recipient.Attempts,
            NextAttempt = recipient.NextAttempt?.ToDateTimeOffset(),
            recipient.LastReply,
        }).ToArray(),
    };

    private static IEnumerable<object> ForPeople(QueuedMessage entry) => entry.Recipients.Select(recipient => (object)new
    {
        Id = entry.Entry.ToString(),
        Sender = entry.Sender.Length > 0 ? entry.Sender : "<>",
        Recipient = recipient.Address,
        State = State(recipient.State),
        recipient.Attempts,
        Next = recipient.NextAttempt?.ToDateTimeOffset(),
        Reply = recipient.LastReply,
    });

    private static string State(RecipientState state) => state.ToString().ToLowerInvariant();

    private static async Task RetryAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var ids = context.Words.Words.Count == 0 ? null : Ids(context);
        await context.Out.WriteLineAsync($"{await context.Engine.Queue.RetryAsync(Actor.Operator, ids, cancellationToken)} entries are due now.");
    }

    private static async Task RemoveAsync(VerbContext context, CancellationToken cancellationToken)
    {
        context.Words.Word(0, "ID");
        var ids = Ids(context);
        var removed = await context.Engine.Queue.RemoveAsync(Actor.Operator, ids, cancellationToken);
        if (removed < ids.Count)
        {
            throw new RefusedException(new Refusal(RefusalKind.NotFound, "EntryUnknown"));
        }

        await context.Out.WriteLineAsync($"{removed} entries removed.");
    }

    private static List<EntryId> Ids(VerbContext context) =>
        [.. context.Words.Words.Select(word => EntryId.TryParse(word, out var id) ? id : throw new UsageException($"'{word}' is no queue id."))];
}
