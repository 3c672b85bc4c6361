using MailPlus.Engine.Delivery.Queue;
using MailPlus.Engine.Delivery.Routing;
using MailPlus.Engine.Events;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;

namespace MailPlus.Engine.Delivery.Bounces;

/// <summary>
/// Makes the status notifications that an attempt causes, as entries ready to be queued in the transaction that writes its results: made exactly once.
/// A notification itself has the null reverse-path; when it fails, the postmaster gets a report and it ends there (mail-rules 26).
/// </summary>
internal sealed class ReportComposer(DeliverySurroundings around, RecipientRouting routing, EntryBuilder builder, Func<EntryId> nextId)
{
    /// <summary>The notifications for these results; empty nearly always.</summary>
    public async Task<IReadOnlyList<(QueueEntry Entry, MessageAccepted Event)>> ComposeAsync(
        QueueEntry entry, IReadOnlyList<RecipientResult> results, Func<CancellationToken, Task<MessageContent?>> open, CancellationToken cancellationToken)
    {
        var told = results.Select(r => new ReportedRecipient(r, ReportRules.ActionFor(entry, r))).Where(r => r.Action != ReportAction.None).ToList();
        if (told.Count == 0 || await OriginalAsync(open, cancellationToken) is not { } original)
        {
            return [];
        }

        await using var content = original;
        var made = new List<(QueueEntry, MessageAccepted)>();
        foreach (var group in told.GroupBy(r => (Action: r.Action is ReportAction.Relayed ? ReportAction.Delivered : r.Action, IsCopy: r.Result.Recipient.Recipient.Role == RecipientRole.Copy)))
        {
            if (Addressee(entry, group.Key.IsCopy, [.. group]) is { } to)
            {
                made.Add(await MakeAsync(Contents(entry, to, [.. group]), content, cancellationToken));
            }
        }

        return made;
    }

    /// <summary>The message; empty when its file cannot be read, because the sender is to be told all the more then.</summary>
    private static async Task<MessageContent?> OriginalAsync(Func<CancellationToken, Task<MessageContent?>> open, CancellationToken cancellationToken)
    {
        try
        {
            return await open(cancellationToken);
        }
        catch (IOException)
        {
            return MessageContent.FromMemory(default);
        }
    }

    private ReportContents Contents(QueueEntry entry, EmailAddress to, IReadOnlyList<ReportedRecipient> recipients)
    {
        var settings = around.Settings.Current;
        return new ReportContents(entry, to, recipients)
        {
            Hostname = settings.Smtp.Hostname.Length > 0 ? settings.Smtp.Hostname : "localhost",
            Now = Instant.Now(around.Clock),
            GiveUp = entry.Begins.Plus(TimeSpan.FromDays(settings.Delivery.GiveUpAfterDays)),
        };
    }

    private async Task<(QueueEntry, MessageAccepted)> MakeAsync(ReportContents contents, MessageContent original, CancellationToken cancellationToken)
    {
        var octets = await ReportMessage.WriteAsync(contents, original, cancellationToken);
        var content = MessageContent.FromMemory(octets);
        var to = routing.Find(contents.To).Kind == RouteKind.Alias ? routing.Expand(contents.To) : [contents.To];
        var message = new IncomingMessage(new Envelope(null, [.. to.Select(address => new Recipient(address))]) { Terms = TermsOf(contents.Entry) }, content, new MessageSource(MessageOrigin.Generated) { Actor = Actor.System });
        return builder.Build(new EntryDraft(nextId(), message, new KeptContent(content, octets, null), around.Scan(content)));
    }

    /// <summary>RFC 8689 4.3, 5: a report keeps to what its message asked of TLS.</summary>
    private static DeliveryTerms TermsOf(QueueEntry entry) =>
        entry.Terms is { RequiresTls: false, WaivesTls: false } ? DeliveryTerms.None : new DeliveryTerms { RequiresTls = entry.Terms.RequiresTls, WaivesTls = entry.Terms.WaivesTls };

    /// <summary>Who is told: the sender, who knows nothing of blind copies; of those, and where there is no sender, the postmaster.</summary>
    private EmailAddress? Addressee(QueueEntry entry, bool isCopy, IReadOnlyList<ReportedRecipient> told)
    {
        if (entry.ReversePath is not null && !isCopy)
        {
            return entry.ReversePath;
        }

        var postmaster = routing.Postmaster();
        return postmaster is null || told.Any(r => r.Result.Recipient.Recipient.Address == postmaster) ? null : postmaster;
    }
}
