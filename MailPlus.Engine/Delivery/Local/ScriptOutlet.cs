using System.Text;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Delivery.Queue;
using MailPlus.Engine.Delivery.Routing;
using MailPlus.Engine.Events;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Sieve.Extensions;
using MailPlus.Engine.Sieve.Runtime;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Delivery.Local;

/// <summary>One delivery that scripts have a say in.</summary>
/// <param name="Message">The message.</param>
/// <param name="Prefix">Generated fields above it.</param>
/// <param name="Recipient">Whom it is delivered to.</param>
/// <param name="Account">The account, null when it is gone meanwhile.</param>
internal sealed record ScriptedMessage(LocalMessage Message, byte[] Prefix, Recipient Recipient, Account? Account)
{
    /// <summary>The message as it will be read, generated fields on top.</summary>
    public required MessageContent Joined { get; init; }
}

/// <summary>
/// Where the actions of a script go: mailboxes at once, each under a delivery key of its own; what is sent becomes entries that are queued in the transaction that ends the
/// recipient, so that each is made exactly once (mail-rules 1).
/// </summary>
internal sealed class ScriptOutlet(ScriptedMessage delivery, IAccountStore mail, DeliverySurroundings around, Func<EntryId> nextId) : ISieveOutlet
{
    private const int MostHops = 10;

    private readonly EntryBuilder _builder = new(around.Settings, around.Clock);
    private readonly MailSigning? _signing = around.DkimKeys is { } keys ? new MailSigning(keys, around.Addresses, around.Clock) : null;
    private readonly PolicyCheck? _users = around.UserPolicies is { } policies ? new PolicyCheck(policies, new RecipientRouting(around.Addresses, around.Settings), around.Clock) : null;
    private readonly List<(QueueEntry Entry, MessageAccepted Event)> _sent = [];
    private readonly List<ScriptMemory> _answered = [];
    private int _stored;

    /// <summary>Entries to be queued.</summary>
    public IReadOnlyList<(QueueEntry Entry, MessageAccepted Event)> Sent => _sent;

    /// <summary>Senders that are answered.</summary>
    public IReadOnlyList<ScriptMemory> Answered => _answered;

    public string OwnAddress => delivery.Account?.PrimaryAddress.ToString() ?? delivery.Recipient.Address.ToString();

    public string OwnName => delivery.Account?.DisplayName ?? "";

    public string HostName => around.Settings.Current.Smtp.Hostname is { Length: > 0 } name ? name : "localhost";

    /// <summary>mail-rules 28: a report goes only where the reverse-path is known to be true.</summary>
    public bool MayReject => delivery.Message.Entry.Origin is MessageOrigin.Submission or MessageOrigin.Webmail || HasProof();

    public bool MayUse(string address) => address.Equals(OwnAddress, StringComparison.OrdinalIgnoreCase)
        || (delivery.Account?.Addresses.Any(own => own.ToString().Equals(address, StringComparison.OrdinalIgnoreCase)) ?? false);

    public async ValueTask StoreAsync(StoreAction action, MessageContent content, CancellationToken cancellationToken)
    {
        var mailbox = await MailboxAsync(action, cancellationToken);
        var flags = FlagsOf(action.Flags);
        var message = ReferenceEquals(content, delivery.Joined)
            ? new NewMessage(delivery.Message.Content, delivery.Message.Summary, delivery.Message.Entry.Accepted) { Prefix = delivery.Prefix, Flags = flags }
            : new NewMessage(content, around.Scan(content), delivery.Message.Entry.Accepted) { Flags = flags };

        // Keys by order, not by mailbox: a script that was changed between two attempts does not double the message.
        var step = _stored++ == 0 ? LocalDelivery.Keep : $"{LocalDelivery.Keep}-{_stored}";
        await mail.DeliverAsync(new DeliveryKey(delivery.Message.Entry.Id, mail.Account.ToString(), step), mailbox, message, cancellationToken);
    }

    public async ValueTask RedirectAsync(string address, MessageContent content, CancellationToken cancellationToken)
    {
        if (!EmailAddress.TryParse(address, out var target))
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "ScriptAddressInvalid"));
        }

        if (around.Settings.Current.Sieve.MaximumRedirects == 0)
        {
            throw new RefusedException(new Refusal(RefusalKind.NotAllowed, "ForwardingLimited") { Arguments = ["0"] });
        }

        if (_users?.Forward(mail.Account, target) is { } forbidden)
        {
            throw new RefusedException(forbidden);
        }

        var octets = await TravellingAsync(content, cancellationToken);
        var (entry, recipient) = (delivery.Message.Entry, delivery.Recipient);
        var sentOn = new QueueEntry
        {
            Id = nextId(),
            Accepted = Instant.Now(around.Clock),
            Origin = entry.Origin,
            ReversePath = entry.ReversePath,
            Recipients = [new QueueRecipient(0, new Recipient(target, recipient.Notify & ~DsnNotify.Success, $"rfc822;{recipient.Address}") { Role = RecipientRole.Forwarded })],
            Return = entry.Return,
            EnvelopeId = entry.EnvelopeId,
            SmtpUtf8 = entry.SmtpUtf8,
            HasEightBit = entry.HasEightBit,
            HasEightBitHeader = entry.HasEightBitHeader,
            HasDeliveredTo = true,
            Terms = entry.Terms is { RequiresTls: false, WaivesTls: false } ? DeliveryTerms.None : new DeliveryTerms { RequiresTls = entry.Terms.RequiresTls, WaivesTls = entry.Terms.WaivesTls },
            Size = octets.Length,
            Subject = entry.Subject,
            MessageId = entry.MessageId,
            Prefix = [],
        };
        sentOn.Hold(octets);
        Add(sentOn, new MessageAccepted(sentOn.Id, sentOn.Origin, sentOn.Sender, [target.ToString()])
        {
            Time = sentOn.Accepted, Size = sentOn.Size, MessageId = sentOn.MessageId, Subject = sentOn.Subject, Account = mail.Account,
        });
    }

    public async ValueTask SendAsync(string reversePath, IReadOnlyList<string> recipients, MessageContent content, CancellationToken cancellationToken)
    {
        var sender = EmailAddress.TryParse(reversePath, out var parsed) ? parsed : null;
        List<Recipient> to = [.. recipients.Select(address => EmailAddress.TryParse(address, out var target) ? new Recipient(target, sender is null ? DsnNotify.Never : DsnNotify.Unspecified) : null).OfType<Recipient>()];
        if (to.Count == 0)
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "ScriptAddressInvalid"));
        }

        var source = new MessageSource(MessageOrigin.Generated) { Actor = Actor.System };
        var message = new IncomingMessage(new Envelope(sender, to), content, source);
        var signatures = _signing is null ? "" : await _signing.SignAsync(source, content, cancellationToken);
        var (entry, accepted) = _builder.Build(new EntryDraft(nextId(), message, new KeptContent(content, content.InMemory?.ToArray() ?? [], null), around.Scan(content)) { Signatures = signatures });
        Add(entry, accepted with { Account = mail.Account });
    }

    public async ValueTask<bool> WasAnsweredAsync(string sender, string handle, ulong seconds, CancellationToken cancellationToken)
    {
        if (seconds == 0)
        {
            return false;
        }

        var key = ScriptSurroundings.Hash("vacation", handle, sender.ToLowerInvariant());
        if (await mail.RecallAsync(key, cancellationToken) is { } known && known.Entry != delivery.Message.Entry.Id)
        {
            return true;
        }

        _answered.Add(new ScriptMemory(key, Instant.Now(around.Clock).Plus(TimeSpan.FromSeconds(seconds)), delivery.Message.Entry.Id));
        return false;
    }

    /// <summary>A reverse-path of a notification: the account's own, whatever the script says.</summary>
    public string NotificationSender(SieveEnvelope envelope, string? asked) => asked is not null && SieveAddress.Parse(asked, true) is { } parsed && MayUse(parsed.All) ? parsed.All : OwnAddress;

    private static FlagSet FlagsOf(IReadOnlyList<string> names)
    {
        var system = MessageFlags.None;
        List<string> keywords = [];
        foreach (var name in names)
        {
            if (!name.StartsWith('\\'))
            {
                keywords.Add(name);
            }
            else if (Enum.TryParse<MessageFlags>(name[1..], ignoreCase: true, out var flag))
            {
                system |= flag & ~MessageFlags.Utf8Headers;
            }
        }

        return new FlagSet(system, keywords);
    }

    private async ValueTask<MailboxId> MailboxAsync(StoreAction action, CancellationToken cancellationToken)
    {
        if (action.MailboxId is { } id && await ScriptSurroundings.ByIdAsync(mail, id, cancellationToken) is { Selectable: true } byId)
        {
            return byId.Id;
        }

        var use = action.SpecialUse is { } attribute ? ScriptSurroundings.UseOf(attribute) : SpecialUse.None;
        if (use != SpecialUse.None && await mail.FindAsync(use, cancellationToken) is { Selectable: true } byUse)
        {
            return byUse.Id;
        }

        var name = action.Mailbox ?? LocalDelivery.Inbox;
        if (await mail.FindAsync(name, cancellationToken) is { Selectable: true } found)
        {
            return found.Id;
        }

        if (!action.Create && action.Mailbox is not null)
        {
            throw new RefusedException(new Refusal(RefusalKind.NotFound, "MailboxNotFound"));
        }

        var made = await mail.CreateMailboxAsync(name, SpecialUse.None, cancellationToken);
        await mail.SetSubscribedAsync(name, true, cancellationToken);
        return made.Id;
    }

    /// <summary>
    /// What goes on: without the Return-Path that is written at final delivery (RFC 5321 4.4), with the Delivered-To by which a loop is found, whoever sends it back.
    /// </summary>
    private async ValueTask<byte[]> TravellingAsync(MessageContent content, CancellationToken cancellationToken)
    {
        var header = await HeaderFields.ReadAsync(content, cancellationToken);
        var hops = header.Fields.Count(field => header.IsNamed(field, "Delivered-To"u8));
        if (hops > MostHops)
        {
            throw new RefusedException(new Refusal(RefusalKind.MessageRefused, "TooManyHops"));
        }

        using var octets = new MemoryStream((int)content.Length);
        await using (var source = content.OpenRead())
        {
            await source.CopyToAsync(octets, cancellationToken);
        }

        var all = octets.ToArray();
        return header.Fields.FirstOrDefault(field => header.IsNamed(field, "Return-Path"u8)) is { NameLength: > 0 } path ? [.. all.AsSpan(0, path.Start), .. all.AsSpan(path.End)] : all;
    }

    /// <summary>What this server itself found out about the sender, on top of the message.</summary>
    private bool HasProof()
    {
        var text = Encoding.UTF8.GetString(delivery.Message.Entry.Prefix);
        return text.StartsWith("Authentication-Results:", StringComparison.Ordinal) && text.Split("\r\nReceived:", 2)[0].Contains("spf=pass", StringComparison.Ordinal);
    }

    private void Add(QueueEntry entry, MessageAccepted accepted) => _sent.Add((entry, accepted));
}
