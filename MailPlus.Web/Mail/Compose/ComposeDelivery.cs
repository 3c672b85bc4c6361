using MailPlus.Engine.Accounts;
using MailPlus.Engine.Delivery;
using MailPlus.Engine.Events;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Store.Contract;
using MailPlus.Web.Mail.Settings;

namespace MailPlus.Web.Mail.Compose;

/// <summary>What the engine does for a message being written.</summary>
/// <param name="Acceptance">The way into the queue.</param>
/// <param name="Scan">One MIME pass.</param>
/// <param name="Settings">Size and storage limits.</param>
/// <param name="Clock">Time.</param>
internal sealed record ComposeEngine(IAcceptance Acceptance, Func<MessageContent, MessageSummary> Scan, ISettingsSource Settings, TimeProvider Clock);

/// <summary>
/// Saves drafts and sends. "Saved" is said after the draft is on stable storage and the former version is gone; "sent" after the queue has it. Until then
/// the draft stays, whatever goes wrong (WEB-014, WEB-032, WEB-038, WEB-039).
/// </summary>
internal sealed class ComposeDelivery(ComposeSpool spool, ComposeEngine engine, PreferenceFile preferences)
{
    /// <summary>Saves the draft in place of its former version.</summary>
    public async Task<ComposeState> SaveAsync(Writer writer, IAccountStore store, string id, ComposeContent content, CancellationToken cancellationToken)
    {
        content.Check();
        using (await spool.LockAsync(id, cancellationToken))
        {
            var state = await spool.LoadAsync(writer.Actor, id, cancellationToken);
            return state.Sent ? state : await SaveLockedAsync(writer, store, state, content, cancellationToken);
        }
    }

    /// <summary>Sends; a repeated call after success only says yes.</summary>
    /// <exception cref="RefusedException">Invalid (field "to"), UnknownRecipient, OverQuota, TooLarge, NotAllowed, Unavailable.</exception>
    public async Task<ComposeState> SendAsync(Writer writer, IAccountStore store, string id, ComposeContent content, CancellationToken cancellationToken)
    {
        content.Check();
        using (await spool.LockAsync(id, cancellationToken))
        {
            var state = await spool.LoadAsync(writer.Actor, id, cancellationToken);
            if (state.Sent)
            {
                return state;
            }

            var envelope = new Envelope(writer.Account.PrimaryAddress, Recipients(content));
            var source = new MessageSource(MessageOrigin.Webmail) { Actor = writer.Actor, Client = writer.Actor.Address, Protocol = "HTTP" };
            await CheckAsync(envelope, source, cancellationToken);

            // Whatever happens from here on, what was written is in Drafts.
            state = await SaveLockedAsync(writer, store, state, content, cancellationToken);
            var file = spool.ScratchFile(writer.Actor, id);
            try
            {
                await BuildAsync(writer, state, content, file, cancellationToken);
                await using var message = MessageContent.FromFile(file);
                await engine.Acceptance.AcceptAsync(new IncomingMessage(envelope, message, source), cancellationToken);
                state = state with { Sent = true };
                await spool.SaveAsync(writer.Actor, state, CancellationToken.None);
                await KeepSentAsync(store, message, content);
            }
            finally
            {
                File.Delete(file);
            }

            await AfterSendingAsync(writer, store, state, content);
            return state;
        }
    }

    /// <summary>Removes draft and files.</summary>
    public async Task DiscardAsync(Writer writer, IAccountStore store, string id, CancellationToken cancellationToken)
    {
        using (await spool.LockAsync(id, cancellationToken))
        {
            var state = await spool.LoadAsync(writer.Actor, id, cancellationToken);
            await RemoveAsync(store, state.Draft, cancellationToken);
            spool.Delete(writer.Actor, id);
        }
    }

    private static IReadOnlyList<Recipient> Recipients(ComposeContent content)
    {
        var recipients = new Dictionary<string, Recipient>(StringComparer.Ordinal);
        foreach (var person in content.To.Concat(content.Cc).Concat(content.Bcc))
        {
            if (!EmailAddress.TryParse(person.Address.Trim(), out var address))
            {
                throw new RefusedException(new Refusal(RefusalKind.Invalid, "RecipientMalformed") { Arguments = [person.Address], Field = "to" });
            }

            recipients.TryAdd(address.Key, new Recipient(address));
        }

        return recipients.Count > 0 ? [.. recipients.Values] : throw new RefusedException(new Refusal(RefusalKind.Invalid, "RecipientMissing") { Field = "to" });
    }

    private async Task CheckAsync(Envelope envelope, MessageSource source, CancellationToken cancellationToken)
    {
        if (envelope.Recipients.Count > engine.Settings.Current.Smtp.MaximumRecipients)
        {
            throw new RefusedException(new Refusal(RefusalKind.TooMany, "TooManyRecipients") { Field = "to" });
        }

        if (await engine.Acceptance.CheckSenderAsync(envelope.ReversePath, source, cancellationToken) is { } sender)
        {
            throw new RefusedException(sender);
        }

        foreach (var recipient in envelope.Recipients)
        {
            if (await engine.Acceptance.CheckRecipientAsync(recipient, source, cancellationToken) is { } refusal)
            {
                // Named, so that the page marks the one chip that is wrong.
                throw new RefusedException(refusal.Kind is RefusalKind.UnknownRecipient or RefusalKind.OverQuota
                    ? new Refusal(refusal.Kind, $"Compose{refusal.Kind}") { Arguments = [recipient.Address.ToDisplayString()], Field = "to:" + recipient.Address, Temporary = refusal.Temporary }
                    : refusal);
            }
        }
    }

    private async Task<ComposeState> SaveLockedAsync(Writer writer, IAccountStore store, ComposeState state, ComposeContent content, CancellationToken cancellationToken)
    {
        var drafts = await store.FindAsync(SpecialUse.Drafts, cancellationToken) ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "DraftsGone"));
        var file = spool.ScratchFile(writer.Actor, state.Id);
        try
        {
            await BuildAsync(writer, state, content, file, cancellationToken);
            await using var message = MessageContent.FromFile(file);
            await RequireRoomAsync(writer, store, message.Length, cancellationToken);
            var flags = new FlagSet(MessageFlags.Draft | MessageFlags.Seen, []);
            var outcome = await AppendAsync(store, drafts.Id, message, content, flags);
            var former = state.Draft;
            state = state with { Draft = new MessagePlace(outcome.Mailbox.Value, outcome.UidValidity, outcome.Uids[0].Value) };
            await spool.SaveAsync(writer.Actor, state, CancellationToken.None);
            await RemoveAsync(store, former, CancellationToken.None);
            return state;
        }
        finally
        {
            File.Delete(file);
        }
    }

    private async Task BuildAsync(Writer writer, ComposeState state, ComposeContent content, string file, CancellationToken cancellationToken)
    {
        var now = writer.Viewer.Local(Instant.Now(engine.Clock));
        using var outgoing = OutgoingMessage.Build(writer.Account, state, content, now, upload => spool.Open(writer.Actor, state.Id, upload));
        await outgoing.WriteAsync(file, cancellationToken);
    }

    private async Task<AppendOutcome> AppendAsync(IAccountStore store, MailboxId mailbox, MessageContent message, ComposeContent content, FlagSet flags)
    {
        // The scan reads the file on the calling thread; a big one must not hold up a thread of the pool that others wait for.
        var summary = message.Length > 256 * 1024 ? await Task.Factory.StartNew(() => engine.Scan(message), TaskCreationOptions.LongRunning) : engine.Scan(message);
        var kept = new NewMessage(message, summary, Instant.Now(engine.Clock)) { Prefix = OutgoingMessage.BccField(content), Flags = flags };
        return await store.AppendAsync(mailbox, [kept], CancellationToken.None);
    }

    // From acceptance on the browser may go away: what belongs to a sent message is done all the same.
    private async Task KeepSentAsync(IAccountStore store, MessageContent message, ComposeContent content)
    {
        if (await store.FindAsync(SpecialUse.Sent, CancellationToken.None) is { } sent)
        {
            await AppendAsync(store, sent.Id, message, content, new FlagSet(MessageFlags.Seen, []));
        }
    }

    private async Task AfterSendingAsync(Writer writer, IAccountStore store, ComposeState state, ComposeContent content)
    {
        await RemoveAsync(store, state.Draft, CancellationToken.None);
        if (state.Origin is { } origin && await ExistsAsync(store, origin, CancellationToken.None))
        {
            var flags = state.Kind == ComposeKind.Forward ? new FlagSet(MessageFlags.None, ["$Forwarded"]) : new FlagSet(MessageFlags.Answered, []);
            await store.StoreFlagsAsync(new MailboxId(origin.Mailbox), new FlagChange(UidSet.Of(new Uid(origin.Uid)), FlagOperation.Add, flags), CancellationToken.None);
        }

        var people = content.To.Concat(content.Cc).Concat(content.Bcc).Select(person => (person.Name, person.Address.Trim())).ToList();
        await preferences.ChangeAsync(writer.Actor, own => own.WrittenTo(people), CancellationToken.None);
        spool.DropFiles(writer.Actor, state.Id);
    }

    private static async Task RemoveAsync(IAccountStore store, MessagePlace? place, CancellationToken cancellationToken)
    {
        if (place is not null && await ExistsAsync(store, place, cancellationToken))
        {
            await store.ExpungeAsync(new MailboxId(place.Mailbox), UidSet.Of(new Uid(place.Uid)), regardless: true, cancellationToken);
        }
    }

    private static async Task<bool> ExistsAsync(IAccountStore store, MessagePlace place, CancellationToken cancellationToken)
    {
        var mailboxes = await store.ListAsync(cancellationToken);
        return mailboxes.Any(mailbox => mailbox.Id.Value == place.Mailbox && mailbox.UidValidity == place.UidValidity);
    }

    private async Task RequireRoomAsync(Writer writer, IAccountStore store, long octets, CancellationToken cancellationToken)
    {
        var usage = await store.UsageAsync(cancellationToken);
        if (!QuotaLimits.Of(writer.Account, engine.Settings.Current.Quota).Allow(usage.Octets + octets, usage.Messages + 1))
        {
            throw new RefusedException(new Refusal(RefusalKind.OverQuota, "DraftOverQuota"));
        }
    }
}
