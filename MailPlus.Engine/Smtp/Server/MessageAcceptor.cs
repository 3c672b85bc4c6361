using MailPlus.Engine.Delivery;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Smtp.Wire;

namespace MailPlus.Engine.Smtp.Server;

/// <summary>Hands a complete message to acceptance and answers: 250 only once it is durable (design 4).</summary>
internal sealed class MessageAcceptor(SmtpSession session)
{
    /// <summary>Mail-rules 5: a peer that waits longer gives up and sends again.</summary>
    private static readonly TimeSpan HardDeadline = TimeSpan.FromSeconds(120);

    /// <summary>Null when the reply has been sent.</summary>
    public async ValueTask<SmtpReply?> AcceptAsync(MessageSpool spool)
    {
        var transaction = session.Transaction!;
        MessageContent content;
        try
        {
            content = await spool.FinishAsync(CancellationToken.None);
        }
        catch (RefusedException full)
        {
            await session.EndTransactionAsync();
            return SmtpReplies.For(full.Refusal, SmtpStep.Data);
        }

        await using (content)
        {
            var source = transaction.Parameters.SmtpUtf8 ? session.Source with { Protocol = session.ProtocolName(smtpUtf8: true) } : session.Source;
            var message = new IncomingMessage(transaction.ToEnvelope(), content, source);
            var (receipt, refused) = await TryAcceptAsync(message);
            if (refused is not null)
            {
                session.Refused(string.Join(", ", transaction.Recipients.Take(10).Select(r => r.Address.ToString())), refused);
                await session.EndTransactionAsync();
                return refused;
            }

            session.Accepted();
            await ReplyAsync(message, receipt!);
        }

        await session.EndTransactionAsync();
        return null;
    }

    private async ValueTask<(AcceptanceReceipt? Receipt, SmtpReply? Refused)> TryAcceptAsync(IncomingMessage message)
    {
        // Not ended when the peer leaves: what is nearly durable becomes so, and the lost reply is remembered.
        using var deadline = new CancellationTokenSource(HardDeadline, session.Door.Clock);
        try
        {
            return (await session.Door.Acceptance.AcceptAsync(message, deadline.Token), null);
        }
        catch (RefusedException refused)
        {
            return (null, SmtpReplies.For(refused.Refusal, SmtpStep.Data));
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return (null, SmtpReplies.AcceptanceTimeout);
        }
    }

    /// <summary>Sends the 250 at once, because the content must still be there to be remembered if that fails (RFC 1047).</summary>
    private async ValueTask ReplyAsync(IncomingMessage message, AcceptanceReceipt receipt)
    {
        try
        {
            session.Write(SmtpReplies.Queued(receipt.Entry));
            var flushed = await session.Input.FlushAsync(CancellationToken.None);
            if (!flushed.IsCompleted && !session.Input.IsPeerGone())
            {
                return;
            }
        }
        catch (Exception failure) when (failure is IOException or InvalidOperationException)
        {
            await session.Door.Acceptance.ReplyLostAsync(message, receipt, CancellationToken.None);
            throw;
        }

        await session.Door.Acceptance.ReplyLostAsync(message, receipt, CancellationToken.None);
    }
}
