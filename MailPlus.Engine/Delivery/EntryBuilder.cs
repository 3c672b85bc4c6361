using System.Text;
using MailPlus.Engine.Delivery.Queue;
using MailPlus.Engine.Events;
using MailPlus.Engine.MailAuth;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;

namespace MailPlus.Engine.Delivery;

/// <summary>The content an entry keeps: small in memory, big in a file of the queue.</summary>
/// <param name="Octets">The content.</param>
/// <param name="Body">Its octets when it is small.</param>
/// <param name="File">Its file when it is big.</param>
internal sealed record KeptContent(MessageContent Octets, byte[]? Body, string? File);

/// <summary>What an entry is made from.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Message">The message as it came.</param>
/// <param name="Kept">Its content.</param>
/// <param name="Summary">Its summary.</param>
internal sealed record EntryDraft(EntryId Id, IncomingMessage Message, KeptContent Kept, MessageSummary Summary)
{
    /// <summary>Who gets it in the end.</summary>
    public IReadOnlyList<Recipient> Recipients { get; init; } = Message.Envelope.Recipients;

    /// <summary>Who it is from, as far as could be found out.</summary>
    public MessageAuthentication? Authentication { get; init; }

    /// <summary>DKIM-Signature fields of ours, "" for none.</summary>
    public string Signatures { get; init; } = "";

    /// <summary>What it counts for its sender, null for nothing.</summary>
    public OutboundCharge? Charge { get; init; }
}

/// <summary>Makes entries out of judged messages, the same way for those that come in and those made here.</summary>
internal sealed class EntryBuilder(ISettingsSource settings, TimeProvider clock)
{
    /// <summary>An entry and its event.</summary>
    public (QueueEntry Entry, MessageAccepted Event) Build(EntryDraft draft)
    {
        var (id, message, kept, summary) = draft;
        var authentication = draft.Authentication;
        var now = Instant.Now(clock);
        var envelope = message.Envelope;
        var recipients = new QueueRecipient[draft.Recipients.Count];
        for (var i = 0; i < recipients.Length; i++)
        {
            recipients[i] = new QueueRecipient(i, draft.Recipients[i]);
        }

        var entry = new QueueEntry
        {
            Id = id,
            Accepted = now,
            Origin = message.Source.Origin,
            ReversePath = envelope.ReversePath,
            Recipients = recipients,
            Return = envelope.Return,
            EnvelopeId = envelope.EnvelopeId,
            SmtpUtf8 = envelope.SmtpUtf8,
            Terms = envelope.Terms,
            HasEightBit = summary.HasEightBit,
            HasEightBitHeader = summary.HasEightBitHeader,
            HasDeliveredTo = HasDeliveredTo(kept.Octets, summary),
            Size = kept.Octets.Length,
            Subject = summary.Subject,
            MessageId = summary.MessageId,
            Prefix = [.. Encoding.ASCII.GetBytes(draft.Signatures), .. Prefix(message, id, now, authentication)],
            BodyFile = kept.File,
            Summary = summary,
            Charge = draft.Charge,
        };
        if (kept.Body is not null)
        {
            entry.Hold(kept.Body);
        }

        return (entry, new MessageAccepted(id, entry.Origin, entry.Sender, [.. draft.Recipients.Select(r => r.Address.ToString())])
        {
            Time = now,
            Size = entry.Size,
            MessageId = entry.MessageId,
            Subject = entry.Subject,
            Client = message.Source.Client,
            Account = message.Source.Actor?.Account,
            Authentication = authentication?.ToLine() ?? "",
        });
    }

    /// <summary>Generated fields, the newest on top: who it is from as far as could be found out (RFC 8601 4), then how it came in.</summary>
    private byte[] Prefix(IncomingMessage message, EntryId id, Instant now, MessageAuthentication? authentication)
    {
        var hostname = settings.Current.Smtp.Hostname;
        var received = ReceivedField.Write(message.Source, message.Envelope, id, hostname, now);
        if (authentication is null)
        {
            return received;
        }

        var results = AuthenticationResults.Write(hostname, authentication, message.Envelope.ReversePath?.ToString() ?? "", message.Source.Helo);
        return [.. Encoding.UTF8.GetBytes(results), .. received];
    }

    /// <summary>Only a message that has travelled can be looping.</summary>
    private static bool HasDeliveredTo(MessageContent content, MessageSummary summary)
    {
        if (summary.ReceivedCount == 0 || content.InMemory is not { } octets)
        {
            return summary.ReceivedCount > 0;
        }

        return HeaderFields.Read(octets[..Math.Min(summary.HeaderLength, octets.Length)]).Has("Delivered-To"u8);
    }
}
