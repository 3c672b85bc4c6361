using System.Text;
using MailPlus.Engine.Delivery.Queue;
using MailPlus.Engine.Events;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using Microsoft.Extensions.Logging;

namespace MailPlus.Engine.Delivery.Local;

/// <summary>
/// Puts a message into an account's INBOX, once an entry and account: recipients of one entry that lead to the same account share one copy, and a retry after
/// a crash finds the delivery key and does nothing (mail-rules 1).
/// </summary>
internal sealed partial class LocalDelivery(IMailStore store, ScriptedDelivery scripts, ILogger<LocalDelivery> log)
{
    public const string Inbox = "INBOX";
    public const string Keep = "keep";

    /// <summary>Delivers to one account for these recipients.</summary>
    public async Task<IReadOnlyList<RecipientResult>> DeliverAsync(
        LocalMessage message, AccountId account, IReadOnlyList<QueueRecipient> recipients, CancellationToken cancellationToken)
    {
        var first = recipients[0].Recipient.Address;
        if (message.Entry.HasDeliveredTo && (message.Entry.Origin is MessageOrigin.Inbound or MessageOrigin.Generated || recipients[0].Recipient.Role == RecipientRole.Forwarded) && await IsLoopAsync(message, first, cancellationToken))
        {
            return [.. recipients.Select(r => new RecipientResult(r, DeliveryResult.Failed, "5.4.6", $"mail is looping: it was delivered to {first} before"))];
        }

        try
        {
            var sent = await AppendAsync(message, account, recipients[0].Recipient, cancellationToken);
            var results = Results(recipients, DeliveryResult.Delivered, "2.1.5", "delivered to mailbox", account);
            results[0] = sent.Count == 0 ? results[0] : results[0] with { FollowUps = sent };
            return results;
        }
        catch (RefusedException refused) when (refused.Refusal.Temporary || refused.Refusal.Kind is RefusalKind.Unavailable or RefusalKind.OverQuota)
        {
            LogRefused(message.Entry.Id.ToString(), account.Value, refused.Message);
            return Results(recipients, DeliveryResult.Deferred, "4.3.0", "mailbox is not available now", null);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogFailed(failure, message.Entry.Id.ToString(), account.Value);
            return Results(recipients, DeliveryResult.Deferred, "4.3.0", "mailbox is not available now", null);
        }
    }

    /// <returns>What the delivery causes besides, nearly always nothing.</returns>
    private async Task<IReadOnlyList<(QueueEntry Entry, MessageAccepted Event)>> AppendAsync(LocalMessage message, AccountId account, Recipient recipient, CancellationToken cancellationToken)
    {
        await using var mail = await OpenAsync(account, cancellationToken);
        var inbox = await mail.FindAsync(Inbox, cancellationToken) ?? await mail.CreateMailboxAsync(Inbox, SpecialUse.None, cancellationToken);
        var prefix = Prefix(message.Entry, recipient.Address);
        if (mail.Scripts.Runs)
        {
            return await scripts.DeliverAsync(message, prefix, mail, recipient, cancellationToken);
        }

        var key = new DeliveryKey(message.Entry.Id, account.ToString(), Keep);
        var stored = new NewMessage(message.Content, message.Summary, message.Entry.Accepted) { Prefix = prefix };
        await mail.DeliverAsync(key, inbox.Id, stored, cancellationToken);
        return [];
    }

    private async ValueTask<IAccountStore> OpenAsync(AccountId account, CancellationToken cancellationToken)
    {
        try
        {
            return await store.OpenAsync(account, cancellationToken);
        }
        catch (RefusedException refused) when (refused.Refusal.Kind == RefusalKind.NotFound)
        {
            // The account exists (the address book says so), its mailboxes were never made: a crash between the two.
            await store.CreateAsync(account, cancellationToken);
            return await store.OpenAsync(account, cancellationToken);
        }
    }

    /// <summary>Return-Path is written at final delivery (RFC 5321 4.4); Delivered-To finds loops that pass through other servers.</summary>
    private static byte[] Prefix(QueueEntry entry, EmailAddress recipient)
    {
        var top = $"Return-Path: <{entry.Sender}>\r\nDelivered-To: {recipient}\r\n";
        var length = Encoding.UTF8.GetByteCount(top);
        var prefix = new byte[length + entry.Prefix.Length];
        Encoding.UTF8.GetBytes(top, prefix);
        entry.Prefix.CopyTo(prefix, length);
        return prefix;
    }

    private static async ValueTask<bool> IsLoopAsync(LocalMessage message, EmailAddress recipient, CancellationToken cancellationToken)
    {
        var header = await HeaderFields.ReadAsync(message.Content, cancellationToken);
        foreach (var field in header.Fields)
        {
            if (header.IsNamed(field, "Delivered-To"u8) && EmailAddress.TryParse(Encoding.UTF8.GetString(header.Value(field).Span).Trim(), out var address) && address == recipient)
            {
                return true;
            }
        }

        return false;
    }

    private static RecipientResult[] Results(IReadOnlyList<QueueRecipient> recipients, DeliveryResult result, string status, string reply, AccountId? account)
    {
        var results = new RecipientResult[recipients.Count];
        for (var i = 0; i < results.Length; i++)
        {
            results[i] = new RecipientResult(recipients[i], result, status, reply) { Account = account };
        }

        return results;
    }

    [LoggerMessage(5201, LogLevel.Warning, "Entry {Entry} waits: account {Account} cannot take it: {Reason}")]
    private partial void LogRefused(string entry, long account, string reason);

    [LoggerMessage(5202, LogLevel.Error, "Entry {Entry} could not be put into account {Account}")]
    private partial void LogFailed(Exception failure, string entry, long account);
}

/// <summary>An entry with its octets and summary at hand.</summary>
internal sealed record LocalMessage(QueueEntry Entry, MessageContent Content, MessageSummary Summary);
