using MailPlus.Engine.Accounts;
using MailPlus.Engine.Domains.Disclaimers;
using MailPlus.Engine.Events;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MimeKit;

namespace MailPlus.Engine.Delivery.Disclaimers;

/// <summary>
/// Puts the disclaimer of the sender's domain below what people write, before it is signed (DOM-110, mail-rules 23). Mail of the system and mail from elsewhere
/// gets none (mail-rules 26).
/// </summary>
internal sealed class DisclaimerStage(DisclaimerBook book, IAddressBook addresses, SpoolFolder spool)
{
    /// <summary>The message with its disclaimer, null when it gets none; the caller disposes it.</summary>
    public async Task<MessageContent?> ApplyAsync(IncomingMessage message, CancellationToken cancellationToken)
    {
        if (message.Source.Origin is not (MessageOrigin.Submission or MessageOrigin.Webmail) || message.Source.Actor is null || message.Envelope.ReversePath is not { } sender)
        {
            return null;
        }

        var home = addresses.Canonical(sender).Domain;
        var chosen = DisclaimerRules.Choose(book.Of(home.Ascii), sender, [.. message.Envelope.Recipients.Select(recipient => recipient.Address)], address => addresses.Canonical(address).Domain == home);
        return chosen is null ? null : await WriteAsync(message, chosen, cancellationToken);
    }

    private async Task<MessageContent?> WriteAsync(IncomingMessage message, DisclaimerDraft disclaimer, CancellationToken cancellationToken)
    {
        await using var source = message.Content.OpenRead();
        using var parsed = await MimeMessage.LoadAsync(source, persistent: true, cancellationToken);
        if (!new DisclaimerWriter(disclaimer).AppendTo(parsed))
        {
            return null;
        }

        await using var target = spool.Open();
        await using (var stream = new SpoolStream(target))
        {
            var format = FormatOptions.Default.Clone();
            format.NewLineFormat = NewLineFormat.Dos;
            format.International = message.Envelope.SmtpUtf8;
            await parsed.WriteToAsync(format, stream, cancellationToken);
        }

        return await target.FinishAsync(cancellationToken);
    }
}
