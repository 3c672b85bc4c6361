using MailPlus.Engine.Delivery.Bounces;
using MailPlus.Engine.Delivery.Local;
using MailPlus.Engine.Delivery.Remote;
using MailPlus.Engine.Delivery.Routing;
using MailPlus.Engine.Events;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using Microsoft.Extensions.Logging;

namespace MailPlus.Engine.Delivery.Queue;

/// <summary>Tries an entry: sorts its recipients by where they lead, serves local ones, hands remote ones on, and turns what came of it into one update.</summary>
internal sealed partial class EntryDelivery
{
    private const int AccountsAtOnce = 8;

    private readonly QueueFile _file;
    private readonly DeliverySurroundings _around;
    private readonly RemoteDelivery _remote;
    private readonly QueueFinisher _finisher;
    private readonly RecipientRouting _routing;
    private readonly LocalDelivery _local;
    private readonly ReportComposer _reports;
    private readonly ILogger _log;

    public EntryDelivery(QueueFile file, DeliverySurroundings around, RemoteDelivery remote, QueueFinisher finisher)
    {
        _file = file;
        _around = around;
        _remote = remote;
        _finisher = finisher;
        _routing = new RecipientRouting(around.Addresses, around.Settings);
        _local = new LocalDelivery(around.Store, new ScriptedDelivery(around, file.NextId, around.Logs.CreateLogger<ScriptedDelivery>()), around.Logs.CreateLogger<LocalDelivery>());
        _reports = new ReportComposer(around, _routing, new EntryBuilder(around.Settings, around.Clock), file.NextId);
        _log = around.Logs.CreateLogger<EntryDelivery>();
    }

    /// <summary>Tries every recipient of the entry; returns when the local ones are done. Remote ones report by themselves later.</summary>
    /// <param name="entry">The entry, in hand.</param>
    /// <param name="abandon">Ends what is under way without a result.</param>
    public async Task RunAsync(QueueEntry entry, CancellationToken abandon)
    {
        try
        {
            var now = Instant.Now(_around.Clock);
            if (RetrySchedule.IsLate(entry, now))
            {
                var late = entry.Recipients.Select(r => RetrySchedule.Late(new RecipientResult(r, DeliveryResult.Failed, "5.4.7", ""), "no attempt was left")).ToList();
                await WriteAsync(new EntryRun(entry, 1, WriteAsync), late, true);
                return;
            }

            if (entry.Recipients is [var only] && _routing.Find(only.Recipient.Address) is { Kind: RouteKind.Local } route)
            {
                // Nearly all mail: one recipient, one mailbox.
                var run = new EntryRun(entry, 1, WriteAsync);
                await DeliverAsync(run, route.Account, entry.Recipients, abandon);
                return;
            }

            await RunGroupsAsync(entry, abandon);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // A mistake of ours must not keep the entry in hand for ever: everything waits and is tried again.
            LogFailed(failure, entry.Id.ToString());
            var results = entry.Recipients.Select(r => new RecipientResult(r, DeliveryResult.Deferred, "4.3.0", "local error in processing")).ToList();
            await WriteAsync(new EntryRun(entry, 1, WriteAsync), Place(entry, results), true);
        }
    }

    private async Task RunGroupsAsync(QueueEntry entry, CancellationToken abandon)
    {
        var accounts = new Dictionary<AccountId, List<QueueRecipient>>();
        var remote = new Dictionary<(NextHop? Hop, string Domain), List<QueueRecipient>>();
        var settings = _around.Settings.Current;
        var refused = new List<RecipientResult>();
        foreach (var recipient in entry.Recipients)
        {
            var route = _routing.Find(recipient.Recipient.Address);
            switch (route.Kind)
            {
                case RouteKind.Local:
                    Add(accounts, route.Account, recipient);
                    break;
                case RouteKind.Remote:
                    Add(remote, (NextHop.For(settings, entry.ReversePath, recipient.Recipient.Address), recipient.Recipient.Address.Domain.Ascii), recipient);
                    break;
                case RouteKind.Deactivated:
                    refused.Add(new RecipientResult(recipient, DeliveryResult.Failed, "5.2.1", "the mailbox is disabled"));
                    break;
                case RouteKind.Alias: // aliases were replaced at acceptance: this one was made while the message waited
                    if (await SuccessorAsync(entry, recipient, abandon) is { } successor)
                    {
                        refused.Add(new RecipientResult(recipient, DeliveryResult.Relayed, "2.1.5", $"the mailbox became an alias; its members get the message as {successor.Entry.Id}") { DsnPassedOn = true, DeliverByPassedOn = true, Successor = successor });
                    }
                    else
                    {
                        refused.Add(new RecipientResult(recipient, DeliveryResult.Failed, "5.1.6", "the mailbox became an alias of nobody"));
                    }

                    break;
                default:
                    refused.Add(new RecipientResult(recipient, DeliveryResult.Failed, "5.1.1", "no such mailbox here"));
                    break;
            }
        }

        var run = new EntryRun(entry, accounts.Count + remote.Count + (refused.Count > 0 ? 1 : 0), WriteAsync);
        var demand = entry.Terms.RequiresTls ? TlsDemand.Authenticated : entry.Terms.WaivesTls ? TlsDemand.Waived : TlsDemand.ByPolicy;
        foreach (var ((hop, domain), recipients) in remote)
        {
            _remote.Submit(new RemoteJob(entry, domain, recipients, token => OpenAsync(entry, token), results => run.ReportAsync(Place(entry, results))) { Demand = demand, Hop = hop });
        }

        if (refused.Count > 0)
        {
            await run.ReportAsync(refused);
        }

        await Parallel.ForEachAsync(accounts, new ParallelOptions { MaxDegreeOfParallelism = AccountsAtOnce, CancellationToken = abandon }, async (group, token) => await DeliverAsync(run, group.Key, group.Value, token));
    }

    /// <summary>An entry for those an alias stands for, which takes the place of its recipient in the transaction that ends it.</summary>
    private async Task<(QueueEntry Entry, MessageAccepted Event)?> SuccessorAsync(QueueEntry entry, QueueRecipient recipient, CancellationToken cancellationToken)
    {
        var members = new AliasRecipients(_routing).Replace([recipient.Recipient]);
        if (members.Count == 0 || await OpenAsync(entry, cancellationToken) is not { } content)
        {
            return null;
        }

        await using (content)
        {
            using var octets = new MemoryStream();
            await using (var source = content.OpenRead())
            {
                await source.CopyToAsync(octets, cancellationToken);
            }

            var successor = new QueueEntry
            {
                Id = _file.NextId(),
                Accepted = entry.Accepted,
                Origin = entry.Origin,
                ReversePath = entry.ReversePath,
                Recipients = [.. members.Select((member, position) => new QueueRecipient(position, member))],
                Return = entry.Return,
                EnvelopeId = entry.EnvelopeId,
                SmtpUtf8 = entry.SmtpUtf8,
                HasEightBit = entry.HasEightBit,
                HasEightBitHeader = entry.HasEightBitHeader,
                HasDeliveredTo = entry.HasDeliveredTo,
                Terms = entry.Terms,
                Size = entry.Size,
                Subject = entry.Subject,
                MessageId = entry.MessageId,
                Prefix = entry.Prefix,
            };
            successor.Hold(octets.ToArray());
            return (successor, new MessageAccepted(successor.Id, entry.Origin, entry.Sender, [.. members.Select(member => member.Address.ToString())])
            {
                Time = Instant.Now(_around.Clock), Size = entry.Size, MessageId = entry.MessageId, Subject = entry.Subject,
            });
        }
    }

    private async Task DeliverAsync(EntryRun run, AccountId account, IReadOnlyList<QueueRecipient> recipients, CancellationToken abandon)
    {
        IReadOnlyList<RecipientResult> results;
        try
        {
            if (await OpenAsync(run.Entry, abandon) is not { } content)
            {
                results = []; // removed meanwhile
            }
            else
            {
                await using (content)
                {
                    var summary = run.Entry.Summary ??= _around.Scan(content);
                    results = await _local.DeliverAsync(new LocalMessage(run.Entry, content, summary), account, recipients, abandon);
                }
            }
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogFailed(failure, run.Entry.Id.ToString());
            results = [.. recipients.Select(r => new RecipientResult(r, DeliveryResult.Deferred, "4.3.0", "local error in processing"))];
        }

        await run.ReportAsync(Place(run.Entry, results));
    }

    private async Task<MessageContent?> OpenAsync(QueueEntry entry, CancellationToken cancellationToken)
    {
        if (entry.OpenContent() is { } atHand)
        {
            return atHand;
        }

        return await _file.ReadBodyAsync(entry.Id, cancellationToken) is { } body ? MessageContent.FromMemory(body) : null;
    }

    private IReadOnlyList<RecipientResult> Place(QueueEntry entry, IReadOnlyList<RecipientResult> results)
    {
        if (results.All(r => r.Result != DeliveryResult.Deferred))
        {
            return results;
        }

        var settings = _around.Settings.Current.Delivery;
        var now = Instant.Now(_around.Clock);
        return [.. results.Select(r => RetrySchedule.Place(entry, r, settings, now))];
    }

    /// <summary>Hands results to the queue, with the notifications they cause when the attempt ends.</summary>
    private async Task WriteAsync(EntryRun run, IReadOnlyList<RecipientResult> results, bool ends)
    {
        var entry = run.Entry;
        IReadOnlyList<(QueueEntry Entry, MessageAccepted Event)> reports = [];
        if (ends)
        {
            try
            {
                reports = await _reports.ComposeAsync(entry, results, token => OpenAsync(entry, token), CancellationToken.None);
            }
            catch (Exception failure)
            {
                // Without its notification a failure must not be final.
                LogReport(failure, entry.Id.ToString());
                results = [.. results.Select(r => r.Result == DeliveryResult.Failed ? r with { Result = DeliveryResult.Deferred, NextAttempt = Instant.Now(_around.Clock).Plus(TimeSpan.FromHours(1)) } : r)];
            }
        }

        var now = Instant.Now(_around.Clock);
        var events = new List<MailEvent>(results.Count + reports.Count);
        foreach (var result in results)
        {
            events.Add(new RecipientAttempted(entry.Id, entry.Sender, result.Recipient.Recipient.Address.ToString(), result.Result)
            {
                Time = now,
                Reply = result.FromPeer || result.Reply.StartsWith(result.Status, StringComparison.Ordinal) ? result.Reply : $"{result.Status} {result.Reply}",
                NextHop = result.NextHop,
                Protection = result.Protection,
                MessageId = entry.MessageId,
                Subject = entry.Subject,
                Size = entry.Size,
            });
        }

        reports = [.. reports, .. results.Select(result => result.Successor).OfType<(QueueEntry Entry, MessageAccepted Event)>(), .. results.SelectMany(result => result.FollowUps)];
        events.AddRange(reports.Select(r => r.Event));
        _finisher.Post(new EntryUpdate(entry, results) { Reports = [.. reports.Select(r => r.Entry)], Events = events, EndsRun = ends });
    }

    private static void Add<TKey>(Dictionary<TKey, List<QueueRecipient>> groups, TKey key, QueueRecipient recipient)
        where TKey : notnull
    {
        if (!groups.TryGetValue(key, out var list))
        {
            groups.Add(key, list = []);
        }

        list.Add(recipient);
    }

    [LoggerMessage(5401, LogLevel.Error, "Entry {Entry} could not be processed; it is tried again")]
    private partial void LogFailed(Exception failure, string entry);

    [LoggerMessage(5402, LogLevel.Error, "The notification about entry {Entry} could not be written; delivery is tried again in an hour")]
    private partial void LogReport(Exception failure, string entry);
}
