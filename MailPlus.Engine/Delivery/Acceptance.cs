using MailPlus.Engine.Accounts;
using MailPlus.Engine.Delivery.Disclaimers;
using MailPlus.Engine.Delivery.Queue;
using MailPlus.Engine.Delivery.Remote;
using MailPlus.Engine.Delivery.Routing;
using MailPlus.Engine.Events;
using MailPlus.Engine.Filtering.Authenticate;
using MailPlus.Engine.Filtering.Pipeline;
using MailPlus.Engine.Filtering.Policy;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;

namespace MailPlus.Engine.Delivery;

/// <summary>
/// The only way into the queue: judges who may send to whom, puts a message into the form that is stored, filters it and makes its entry durable.
/// Effects come after the verdict: nothing is written for a message that is refused.
/// </summary>
public sealed class Acceptance : IAcceptance
{
    private readonly ISettingsSource _settings;
    private readonly FilterPipeline _pipeline;
    private readonly DeliveryQueue _queue;
    private readonly Func<MessageContent, MessageSummary> _scan;
    private readonly TimeProvider _clock;
    private readonly SpoolFolder _spool;
    private readonly SenderInquiry? _inquiry;
    private readonly RecipientRouting _routing;
    private readonly AliasRecipients _aliases;
    private readonly SenderCheck _senders;
    private readonly MailboxRoom _room;
    private readonly EntryBuilder _builder;
    private readonly LostReplies _lost;
    private readonly MailSigning? _signing;
    private readonly SmtpPolicies? _policies;
    private readonly RecipientProbe _probe;
    private readonly ExternalPostmasters _externalPostmasters;
    private readonly EventStream _events;
    private readonly BlindCopies? _copies;
    private readonly ReturnedReports _returned;
    private readonly DisclaimerStage? _disclaimers;
    private readonly PolicyCheck? _users;

    internal Acceptance(DeliveryQueue queue, FilterPipeline pipeline, DeliverySurroundings around)
    {
        _queue = queue;
        _pipeline = pipeline;
        _settings = around.Settings;
        _scan = around.Scan;
        _clock = around.Clock;
        _spool = around.Spool;
        _inquiry = around.Inquiry;
        _routing = new RecipientRouting(around.Addresses, around.Settings);
        _aliases = new AliasRecipients(_routing);
        _senders = new SenderCheck(around.Addresses, around.Settings, around.Policies);
        _policies = around.Policies;
        _probe = new RecipientProbe(around);
        _externalPostmasters = new ExternalPostmasters(around.Addresses, around.Settings);
        _events = around.Events;
        _room = new MailboxRoom(around.Store, around.Addresses, around.Settings, around.Clock);
        _builder = new EntryBuilder(around.Settings, around.Clock);
        _lost = new LostReplies(around.Clock);
        _copies = around.Copies is { } book ? new BlindCopies(book, around.Addresses, _aliases) : null;
        _disclaimers = around.Disclaimers is { } texts ? new DisclaimerStage(texts, around.Addresses, around.Spool) : null;
        _returned = new ReturnedReports(around.Rewriting, around.Addresses);
        _signing = around.DkimKeys is { } keys ? new MailSigning(keys, around.Addresses, around.Clock) : null;
        _users = around.UserPolicies is { } policies ? new PolicyCheck(policies, _routing, around.Clock) : null;
    }

    /// <inheritdoc/>
    public async ValueTask<Refusal?> CheckRecipientAsync(Recipient recipient, MessageSource source, CancellationToken cancellationToken)
    {
        if (source.Actor is null && _policies?.Blocked(source.Client) is { } blocked)
        {
            return blocked;
        }

        if (_users?.Recipient(recipient.Address, source) is { } forbidden)
        {
            return forbidden;
        }

        if (_returned.Takes(recipient.Address))
        {
            return null;
        }

        var route = await _routing.FindForAnswerAsync(recipient.Address, source.Actor is not null, cancellationToken);
        switch (route.Kind)
        {
            case RouteKind.Remote or RouteKind.Unknown when _externalPostmasters.Takes(recipient.Address, source.Sender, source.Origin):
                return await ObjectionAsync(recipient, source, cancellationToken);
            case RouteKind.Remote when route.Inbound is null && source.Actor is null && _policies?.MayRelay(source.Client) != true:
                return new Refusal(RefusalKind.RelayDenied, "RelayDenied") { Detail = recipient.Address.ToString() };
            case RouteKind.Remote:
                return await ObjectionAsync(recipient, source, cancellationToken) is { } objection ? objection
                    : route.Inbound is { } domain ? await _probe.AskAsync(domain, recipient.Address, cancellationToken) : null;
            case RouteKind.Unknown:
            case RouteKind.Deactivated: // indistinguishable to strangers
                if (source.Actor is null)
                {
                    _policies?.Unknown(source.Client); // DEL-114
                }

                return new Refusal(RefusalKind.UnknownRecipient, "UnknownRecipient") { Detail = $"{recipient.Address}: {route.Kind}" };
            case RouteKind.Alias:
                return await CheckAliasAsync(recipient.Address, _routing.Expand(recipient.Address), cancellationToken) ?? await ObjectionAsync(recipient, source, cancellationToken);
            default:
                if (await ObjectionAsync(recipient, source, cancellationToken) is { } against)
                {
                    return against;
                }

                var always = recipient.Address.LocalPart.Equals("postmaster", StringComparison.OrdinalIgnoreCase); // mail-rules 15
                return !always && await _room.IsFullAsync(route.Account, cancellationToken)
                    ? new Refusal(RefusalKind.OverQuota, "OverQuota") { Temporary = true, Detail = recipient.Address.ToString() }
                    : null;
        }
    }

    /// <summary>An alias takes mail as long as one of those it stands for has room: the others would have to go without for a stranger's full mailbox (mail-rules 13).</summary>
    private async ValueTask<Refusal?> CheckAliasAsync(EmailAddress alias, IReadOnlyList<EmailAddress> members, CancellationToken cancellationToken)
    {
        if (members.Count == 0)
        {
            return new Refusal(RefusalKind.UnknownRecipient, "UnknownRecipient") { Detail = $"{alias}: nobody is left in the alias" };
        }

        foreach (var member in members)
        {
            if (_routing.Find(member) is not { Kind: RouteKind.Local } route || !await _room.IsFullAsync(route.Account, cancellationToken))
            {
                return null;
            }
        }

        return new Refusal(RefusalKind.OverQuota, "OverQuota") { Temporary = true, Detail = $"{alias}: everybody in the alias" };
    }

    /// <inheritdoc/>
    public ValueTask<Refusal?> CheckSenderAsync(EmailAddress? reversePath, MessageSource source, CancellationToken cancellationToken) =>
        new(_senders.ReversePath(reversePath, source));

    /// <inheritdoc/>
    public async Task<AcceptanceReceipt> AcceptAsync(IncomingMessage message, CancellationToken cancellationToken)
    {
        var settings = _settings.Current;
        if (message.Content.Length > settings.Smtp.MaximumMessageSize)
        {
            throw new RefusedException(new Refusal(RefusalKind.TooLarge, "MessageTooLarge")
            {
                Arguments = [settings.Smtp.MaximumMessageSize.ToString(System.Globalization.CultureInfo.InvariantCulture)],
            });
        }

        if (await _lost.FindAsync(message, cancellationToken) is { } earlier)
        {
            return earlier;
        }

        message = WithoutDiscarded(message);
        if (message.Envelope.Recipients.Count == 0)
        {
            return new AcceptanceReceipt(_queue.NextId()); // all of it was discarded, and the sender is not told
        }

        message = message with { Envelope = _externalPostmasters.Apply(message.Envelope, message.Source.Origin) };

        if (!message.Envelope.BinaryMime)
        {
            return await JudgeAsync(message, message.Content, settings, cancellationToken);
        }

        await using var lines = await BinaryArrival.ToLinesAsync(message.Content, _spool, cancellationToken);
        return await JudgeAsync(message with { Content = lines }, message.Content, settings, cancellationToken);
    }

    /// <inheritdoc/>
    public Task ReplyLostAsync(IncomingMessage message, AcceptanceReceipt receipt, CancellationToken cancellationToken) =>
        _lost.RememberAsync(message, receipt, cancellationToken);

    /// <summary>What the policies have against a recipient.</summary>
    private ValueTask<Refusal?> ObjectionAsync(Recipient recipient, MessageSource source, CancellationToken cancellationToken) =>
        _policies is null ? default : _policies.ObjectionAsync(Question(recipient, source, source.Sender), cancellationToken);

    private static DoorQuestion Question(Recipient recipient, MessageSource source, EmailAddress? sender) => new(source.Client, source.Helo, sender, recipient.Address, source.Actor is not null);

    /// <summary>The message without the recipients for whom the black list throws it away (DEL-071): nobody but the log is told.</summary>
    private IncomingMessage WithoutDiscarded(IncomingMessage message)
    {
        var sender = message.Envelope.ReversePath;
        if (_policies is null || message.Source.Origin == MessageOrigin.Generated)
        {
            return message;
        }

        var discarded = message.Envelope.Recipients.Select(recipient => (Recipient: recipient, Rule: _policies.Discarding(Question(recipient, message.Source, sender)))).Where(pair => pair.Rule is not null).ToList();
        foreach (var (recipient, rule) in discarded)
        {
            _events.Publish(new MessageRefused(sender?.ToString() ?? "", recipient.Address.ToString(), $"discarded by the black list: {rule!.Name}") { Time = Instant.Now(_clock), Client = message.Source.Client });
        }

        return discarded.Count == 0 ? message : message with { Envelope = message.Envelope with { Recipients = [.. message.Envelope.Recipients.Except(discarded.Select(pair => pair.Recipient))] } };
    }

    /// <summary>Decides about a message.</summary>
    /// <param name="message">As it will be kept.</param>
    /// <param name="signed">The octets that came, over which signatures were made.</param>
    /// <param name="settings">Settings.</param>
    /// <param name="cancellationToken">Cancels.</param>
    private async Task<AcceptanceReceipt> JudgeAsync(IncomingMessage message, MessageContent signed, SettingsSnapshot settings, CancellationToken cancellationToken)
    {
        var header = await HeaderFields.ReadAsync(message.Content, cancellationToken);
        if (_senders.ReversePath(message.Envelope.ReversePath, message.Source) is { } wrongSender)
        {
            throw new RefusedException(wrongSender);
        }

        if (message.Envelope.ReversePath is not null && message.Envelope.Recipients.FirstOrDefault(recipient => _returned.Takes(recipient.Address)) is { } forReports)
        {
            throw new RefusedException(new Refusal(RefusalKind.UnknownRecipient, "UnknownRecipient") { Detail = $"{forReports.Address} takes reports only" });
        }

        if (_senders.Header(header, message.Source) is { } wrongFrom)
        {
            throw new RefusedException(wrongFrom);
        }

        await using var worded = _disclaimers is null ? null : await _disclaimers.ApplyAsync(message, cancellationToken);
        if (worded is not null)
        {
            (message, signed) = (message with { Content = worded }, worded);
            header = await HeaderFields.ReadAsync(worded, cancellationToken);
        }

        var signedHeader = ReferenceEquals(signed, message.Content) ? header : await HeaderFields.ReadAsync(signed, cancellationToken);
        return await QueueAsync(TlsHeader.Apply(message, header), header, new Judged(signed, signedHeader, settings), cancellationToken);
    }

    private async Task<AcceptanceReceipt> QueueAsync(IncomingMessage message, HeaderFields header, Judged judged, CancellationToken cancellationToken)
    {
        var id = _queue.NextId();
        KeptContent? kept = null;
        var done = false;
        try
        {
            var plan = HeaderRewrite.Plan(header, message.Source.Origin, judged.Settings.Smtp.Hostname, Instant.Now(_clock));
            kept = await KeepAsync(id, message.Content, plan, cancellationToken);
            var summary = _scan(kept.Octets);
            var facts = FactsOf(message, judged, summary);
            facts = _inquiry is null ? facts : await _inquiry.AskAsync(facts, cancellationToken);
            var verdict = await _pipeline.JudgeAsync(facts, cancellationToken);
            if (verdict.Refusal is { } refusal)
            {
                throw new RefusedException(refusal);
            }

            var recipients = _aliases.Replace(_returned.Replace(message.Envelope.Recipients));
            var charge = _users?.Judge(recipients, summary, message.Source); // not what the server copies by its own rules
            recipients = _copies?.AddTo(message, recipients) ?? recipients;
            if (recipients.Count == 0)
            {
                throw new RefusedException(new Refusal(RefusalKind.UnknownRecipient, "UnknownRecipient") { Detail = "nobody is left in the alias" });
            }

            var signatures = _signing is null ? "" : await _signing.SignAsync(message.Source, kept.Octets, cancellationToken);
            kept = await SecureAsync(id, kept, cancellationToken);
            var (entry, accepted) = _builder.Build(new EntryDraft(id, message, kept, summary) { Recipients = recipients, Authentication = facts.Authentication, Signatures = signatures, Charge = charge });
            await _queue.AddAsync(entry, accepted, cancellationToken);
            done = true;
            return new AcceptanceReceipt(id);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw DiskFailures.IsFull(failure) ? DiskFailures.Full("queue", failure.Message)
                : new RefusedException(new Refusal(RefusalKind.Unavailable, "QueueUnavailable") { Temporary = true, Detail = failure.Message });
        }
        finally
        {
            if (!done && kept?.File is { } file)
            {
                await _queue.DropBodyAsync(file);
            }
        }
    }

    private Facts FactsOf(IncomingMessage message, Judged judged, MessageSummary summary) => new()
    {
        Envelope = message.Envelope,
        Content = judged.Signed,
        Header = judged.Header,
        Summary = summary,
        Origin = message.Source.Origin,
        Received = Instant.Now(_clock),
        Settings = judged.Settings,
        Client = message.Source.Client,
        Helo = message.Source.Helo,
        Account = message.Source.Actor?.Account,
    };

    /// <summary>The content in the form that is stored. A small one is copied, because the door takes its buffer back.</summary>
    private async ValueTask<KeptContent> KeepAsync(EntryId id, MessageContent content, HeaderRewrite plan, CancellationToken cancellationToken)
    {
        if (content.InMemory is { } octets && (!plan.IsNothing || !QueueFile.IsBig(content.Length)))
        {
            var body = plan.Apply(octets.Span);
            return new KeptContent(MessageContent.FromMemory(body), QueueFile.IsBig(body.Length) ? null : body, null);
        }

        if (!QueueFile.IsBig(content.Length))
        {
            using var buffer = new MemoryStream((int)content.Length + plan.Added.Length);
            await plan.ApplyAsync(content, buffer, cancellationToken);
            var body = buffer.ToArray();
            return new KeptContent(MessageContent.FromMemory(body), body, null);
        }

        if (plan.IsNothing)
        {
            return new KeptContent(content, null, null);
        }

        var file = await _queue.WriteBodyAsync(id, target => plan.ApplyAsync(content, target, cancellationToken), cancellationToken);
        return new KeptContent(MessageContent.FromFile(file), null, file);
    }

    /// <summary>Puts a big content that passed the filters into the queue's folder, before its row.</summary>
    private async ValueTask<KeptContent> SecureAsync(EntryId id, KeptContent kept, CancellationToken cancellationToken)
    {
        if (kept.Body is not null || kept.File is not null)
        {
            return kept;
        }

        var file = await _queue.KeepBodyAsync(id, kept.Octets, cancellationToken);
        return kept with { File = file };
    }

    private sealed record Judged(MessageContent Signed, HeaderFields Header, SettingsSnapshot Settings);
}
