using System.Security.Cryptography;
using System.Text;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Delivery;

/// <summary>
/// Messages whose 250 could not be written: an identical resend gets the first receipt instead of a second entry (mail-rules 5, RFC 1047). Only these are
/// remembered, for an hour; two equal messages whose replies arrived are two messages.
/// </summary>
internal sealed class LostReplies(TimeProvider clock)
{
    private const int Capacity = 10_000;
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<Lost>> _byEnvelope = [];
    private readonly Queue<(Instant Until, string Key)> _order = new();

    /// <summary>Remembers a message.</summary>
    public async Task RememberAsync(IncomingMessage message, AcceptanceReceipt receipt, CancellationToken cancellationToken)
    {
        var lost = new Lost(await HashAsync(message.Content, cancellationToken), Instant.Now(clock).Plus(Lifetime), receipt);
        var key = Key(message);
        lock (_gate)
        {
            Expire(Instant.Now(clock));
            if (_order.Count >= Capacity)
            {
                return;
            }

            if (!_byEnvelope.TryGetValue(key, out var list))
            {
                _byEnvelope.Add(key, list = []);
            }

            list.Add(lost);
            _order.Enqueue((lost.Until, key));
        }
    }

    /// <summary>The receipt an identical message got whose reply was lost; null nearly always, at no cost then. It is given once.</summary>
    public async ValueTask<AcceptanceReceipt?> FindAsync(IncomingMessage message, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_byEnvelope.Count == 0 || !_byEnvelope.ContainsKey(Key(message)))
            {
                return null;
            }
        }

        var hash = await HashAsync(message.Content, cancellationToken);
        lock (_gate)
        {
            var now = Instant.Now(clock);
            Expire(now);
            if (!_byEnvelope.TryGetValue(Key(message), out var list) || list.FindIndex(l => l.Hash.AsSpan().SequenceEqual(hash)) is var at && at < 0)
            {
                return null;
            }

            var receipt = list[at].Receipt;
            list.RemoveAt(at);
            return receipt;
        }
    }

    private void Expire(Instant now)
    {
        while (_order.TryPeek(out var oldest) && oldest.Until.CompareTo(now) <= 0)
        {
            _order.Dequeue();
            if (_byEnvelope.TryGetValue(oldest.Key, out var list))
            {
                list.RemoveAll(l => l.Until.CompareTo(now) <= 0);
                if (list.Count == 0)
                {
                    _byEnvelope.Remove(oldest.Key);
                }
            }
        }
    }

    private static string Key(IncomingMessage message)
    {
        var key = new StringBuilder().Append(message.Source.Client).Append('\n').Append(message.Envelope.ReversePath?.Key);
        foreach (var recipient in message.Envelope.Recipients)
        {
            key.Append('\n').Append(recipient.Address.Key);
        }

        return key.ToString();
    }

    private static async Task<byte[]> HashAsync(MessageContent content, CancellationToken cancellationToken)
    {
        if (content.InMemory is { } octets)
        {
            return SHA256.HashData(octets.Span);
        }

        await using var stream = content.OpenRead();
        return await SHA256.HashDataAsync(stream, cancellationToken);
    }

    private sealed record Lost(byte[] Hash, Instant Until, AcceptanceReceipt Receipt);
}
