using System.Buffers;
using System.Globalization;
using System.Text;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MimeKit;

namespace MailPlus.Engine.Smtp.Client;

/// <summary>Carries one message over an open session and says how it ended for each recipient. The peer's mistakes become outcomes, never exceptions.</summary>
internal sealed class MailTransfer(SmtpClientSession session, SmtpTransaction message)
{
    private const int BlockSize = 64 * 1024;
    private const string NotUtf8 = "SMTPUTF8 is required, but was not offered by the next server";

    private readonly IReadOnlyList<Recipient> _recipients = message.Envelope.Recipients;
    private readonly SmtpOutcome?[] _outcomes = new SmtpOutcome?[message.Envelope.Recipients.Count];
    private byte[]? _converted;

    /// <summary>The end of data has been sent: without a reply the peer may or may not have the message.</summary>
    public bool EndWasSent { get; private set; }

    /// <summary>Sends it.</summary>
    /// <returns>One outcome a recipient, in the envelope's order.</returns>
    public async Task<IReadOnlyList<SmtpOutcome>> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (Impossible() is { } reason)
            {
                Fill(reason);
            }
            else if (!await ConvertAsync(cancellationToken))
            {
                Fill(new SmtpOutcome(SmtpOutcomeKind.Permanent, "5.6.3", "the message has 8-bit content, the next server takes only 7 bits and conversion failed"));
            }
            else
            {
                await TransferAsync(cancellationToken);
            }
        }
        catch (SmtpClientException error)
        {
            // What a recipient was told before the session broke stands; the others are tried again.
            Fill(new SmtpOutcome(SmtpOutcomeKind.Transient, "4.4.2", error.Message));
        }

        return _outcomes!;
    }

    private bool NeedsUtf8 => _recipients.Any(r => r.Address.NeedsSmtpUtf8) || message.Envelope.ReversePath is { NeedsSmtpUtf8: true } || (message.Envelope.SmtpUtf8 && message.HasEightBitHeader);

    private long Size => message.Prefix.Length + (_converted?.Length ?? message.Content.Length);

    private long TimeLeft => message.Envelope.Terms.DeliverBy is { } by ? (by.Microseconds - message.Now.Microseconds) / 1_000_000 : 0;

    private SmtpOutcome? Impossible()
    {
        if (session.Capabilities.MaximumSize > 0 && Size > session.Capabilities.MaximumSize)
        {
            return new SmtpOutcome(SmtpOutcomeKind.Permanent, "5.3.4", string.Create(CultureInfo.InvariantCulture, $"message of {Size} octets is larger than the {session.Capabilities.MaximumSize} that {session.Peer} accepts"));
        }

        if (message.Envelope.Terms.RequiresTls && !(session.IsTls && session.Capabilities.RequireTls))
        {
            return new SmtpOutcome(SmtpOutcomeKind.Permanent, "5.7.30", $"{session.Peer} does not keep to TLS from there on (REQUIRETLS), which the sender requires");
        }

        if (message.Envelope.Terms.Mode == DeliverByMode.Return)
        {
            // RFC 2852 4: who asks for the message back must not have it pass on to where nobody watches the clock.
            if (!session.Capabilities.DeliverBy)
            {
                return new SmtpOutcome(SmtpOutcomeKind.Permanent, "5.3.3", $"{session.Peer} does not return messages by a time (DELIVERBY)");
            }

            if (TimeLeft <= 0 || TimeLeft < session.Capabilities.ShortestTime)
            {
                return new SmtpOutcome(SmtpOutcomeKind.Permanent, "5.4.7", string.Create(CultureInfo.InvariantCulture, $"{session.Peer} takes no message with {TimeLeft} seconds left"));
            }
        }

        return NeedsUtf8 && !session.Capabilities.SmtpUtf8 ? new SmtpOutcome(SmtpOutcomeKind.Permanent, "5.6.7", NotUtf8) : null;
    }

    /// <summary>RFC 6152 3: to a server without 8BITMIME only 7-bit content may go.</summary>
    private async Task<bool> ConvertAsync(CancellationToken cancellationToken)
    {
        if (!message.HasEightBit || session.Capabilities.EightBitMime)
        {
            return true;
        }

        try
        {
            await using var source = message.Content.OpenRead();
            using var parsed = await MimeMessage.LoadAsync(source, cancellationToken);
            parsed.Prepare(EncodingConstraint.SevenBit);
            using var target = new MemoryStream();
            var format = FormatOptions.Default.Clone();
            format.NewLineFormat = NewLineFormat.Dos;
            await parsed.WriteToAsync(format, target, cancellationToken);
            _converted = target.ToArray();
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private async Task TransferAsync(CancellationToken cancellationToken)
    {
        var dsn = session.Capabilities.Dsn;
        var commands = new List<string>(_recipients.Count + 2) { MailCommand(dsn) };
        commands.AddRange(_recipients.Select(r => RecipientCommand(r, dsn)));
        commands.Add("DATA");
        var deadline = session.Deadlines.Command;
        if (session.Capabilities.Pipelining)
        {
            await session.WriteAsync(Encoding.UTF8.GetBytes(string.Join("\r\n", commands) + "\r\n"), deadline, cancellationToken);
        }

        var mail = await ReplyToAsync(commands[0], cancellationToken);
        if (!mail.IsPositive)
        {
            Fill(SmtpOutcome.Of(mail));
        }

        for (var i = 0; i < _recipients.Count && (mail.IsPositive || session.Capabilities.Pipelining); i++)
        {
            var reply = await ReplyToAsync(commands[i + 1], cancellationToken);
            if (!reply.IsPositive)
            {
                _outcomes[i] ??= SmtpOutcome.Of(reply);
            }
        }

        var wanted = _outcomes.Any(o => o is null);
        if (!wanted && !session.Capabilities.Pipelining)
        {
            await ResetAsync(cancellationToken);
            return;
        }

        var data = await ReplyToAsync("DATA", cancellationToken);
        if (data.Code != 354)
        {
            // 2yz to DATA is nothing SMTP knows: it must not count as delivered.
            Fill(data.IsPositive ? new SmtpOutcome(SmtpOutcomeKind.Transient, "4.5.0", $"unexpected reply to DATA: {data}") : SmtpOutcome.Of(data));
            await ResetAsync(cancellationToken);
            return;
        }

        await SendContentAsync(wanted, cancellationToken);
        var end = await session.ReadReplyAsync(session.Deadlines.DataEnd, "the end of DATA", cancellationToken);
        Fill(SmtpOutcome.Of(end) with { DsnPassedOn = dsn, DeliverByPassedOn = session.Capabilities.DeliverBy });
    }

    private async Task<SmtpReply> ReplyToAsync(string command, CancellationToken cancellationToken)
    {
        var deadline = command == "DATA" ? session.Deadlines.DataStart : session.Deadlines.Command;
        var reply = session.Capabilities.Pipelining
            ? await session.ReadReplyAsync(deadline, command.Split(' ', 2)[0], cancellationToken)
            : await session.CommandAsync(command, deadline, cancellationToken);
        return session.IsUsable ? reply : throw new SmtpClientException(SmtpClientFailure.Refused, $"{session.Peer}: {reply}") { Reply = reply };
    }

    private async Task ResetAsync(CancellationToken cancellationToken) => await session.CommandAsync("RSET", session.Deadlines.Command, cancellationToken);

    /// <summary>Sends the message, or nothing at all when a pipelining peer said 354 although it took no recipient (RFC 2920 3.1).</summary>
    private async Task SendContentAsync(bool wanted, CancellationToken cancellationToken)
    {
        var stuffing = new DotStuffing();
        var output = new ArrayBufferWriter<byte>(BlockSize + 4096);
        if (wanted)
        {
            stuffing.Write(message.Prefix.Span, output);
            await using var source = _converted is null ? message.Content.OpenRead() : new MemoryStream(_converted, writable: false);
            var block = ArrayPool<byte>.Shared.Rent(BlockSize);
            try
            {
                int read;
                while ((read = await source.ReadAsync(block, cancellationToken)) > 0)
                {
                    stuffing.Write(block.AsSpan(0, read), output);
                    await session.WriteAsync(output.WrittenMemory, session.Deadlines.DataBlock, cancellationToken);
                    output.ResetWrittenCount();
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(block);
            }
        }

        stuffing.End(output);
        EndWasSent = wanted;
        await session.WriteAsync(output.WrittenMemory, session.Deadlines.DataBlock, cancellationToken);
    }

    private string MailCommand(bool dsn)
    {
        var envelope = message.Envelope;
        var line = new StringBuilder("MAIL FROM:<").Append(envelope.ReversePath).Append('>');
        if (session.Capabilities.Size)
        {
            line.Append(CultureInfo.InvariantCulture, $" SIZE={Size}");
        }

        if (session.Capabilities.EightBitMime && message.HasEightBit)
        {
            line.Append(" BODY=8BITMIME");
        }

        if (NeedsUtf8)
        {
            line.Append(" SMTPUTF8");
        }

        if (dsn && envelope.Return != DsnReturn.Unspecified)
        {
            line.Append(envelope.Return == DsnReturn.Full ? " RET=FULL" : " RET=HDRS");
        }

        if (dsn && envelope.EnvelopeId is { Length: > 0 } id)
        {
            line.Append(" ENVID=").Append(XText.Encode(id));
        }

        if (session.Capabilities.DeliverBy && envelope.Terms is { Mode: not DeliverByMode.None } terms)
        {
            var left = Math.Clamp(TimeLeft, -999_999_999, 999_999_999);
            line.Append(CultureInfo.InvariantCulture, $" BY={left};{(terms.Mode == DeliverByMode.Return ? 'R' : 'N')}{(terms.Traces ? "T" : "")}");
        }

        if (envelope.Terms.RequiresTls)
        {
            line.Append(" REQUIRETLS");
        }

        if (session.Capabilities.Priority && envelope.Terms.Priority != 0)
        {
            line.Append(CultureInfo.InvariantCulture, $" MT-PRIORITY={envelope.Terms.Priority}");
        }

        return line.ToString();
    }

    private static string RecipientCommand(Recipient recipient, bool dsn)
    {
        var line = new StringBuilder("RCPT TO:<").Append(recipient.Address).Append('>');
        if (dsn && recipient.Notify != DsnNotify.Unspecified)
        {
            line.Append(" NOTIFY=").Append(recipient.Notify.HasFlag(DsnNotify.Never) ? "NEVER" : string.Join(',', Words(recipient.Notify)));
        }

        if (dsn && recipient.OriginalRecipient is { } original && original.IndexOf(';', StringComparison.Ordinal) is > 0 and var semicolon)
        {
            line.Append(" ORCPT=").Append(original.AsSpan(0, semicolon + 1)).Append(XText.Encode(original[(semicolon + 1)..]));
        }

        return line.ToString();
    }

    private static IEnumerable<string> Words(DsnNotify notify)
    {
        if (notify.HasFlag(DsnNotify.Success))
        {
            yield return "SUCCESS";
        }

        if (notify.HasFlag(DsnNotify.Failure))
        {
            yield return "FAILURE";
        }

        if (notify.HasFlag(DsnNotify.Delay))
        {
            yield return "DELAY";
        }
    }

    private void Fill(SmtpOutcome outcome)
    {
        for (var i = 0; i < _outcomes.Length; i++)
        {
            _outcomes[i] ??= outcome;
        }
    }
}
