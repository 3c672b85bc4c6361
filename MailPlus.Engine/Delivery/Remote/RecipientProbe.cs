using MailPlus.Engine.Delivery.Routing;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Engine.Smtp.Client;

namespace MailPlus.Engine.Delivery.Remote;

/// <summary>
/// Whether the server of an inbound relay domain has a recipient, asked before mail is taken: what it would refuse is refused here, so that no bounce is made
/// (mail-rules 16). Answers are remembered; no answer means later.
/// </summary>
internal sealed class RecipientProbe(DeliverySurroundings around)
{
    private const int MostRemembered = 10_000;
    private const int AtOnce = 10;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Known = TimeSpan.FromDays(1);
    private static readonly TimeSpan Unknown = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Trouble = TimeSpan.FromSeconds(30);

    private readonly RouteLookup _routes = new(around.Resolver, new TlsPolicy(around.Resolver, around.StsPolicies), around.Settings);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (Refusal? Answer, long Made, TimeSpan Holds)> _remembered = new(StringComparer.Ordinal);
    private int _underWay;

    /// <summary>Null when the recipient exists.</summary>
    public async ValueTask<Refusal?> AskAsync(RelayDomain domain, EmailAddress recipient, CancellationToken cancellationToken)
    {
        if (domain.Recipients.Count > 0)
        {
            return domain.Recipients.Any(text => EmailAddress.TryParse(text, out var known) && known == recipient) ? null : NoSuch(recipient);
        }

        var key = $"{recipient.Key} {domain.Host}:{domain.Port}";
        lock (_gate)
        {
            if (_remembered.TryGetValue(key, out var earlier) && around.Clock.GetElapsedTime(earlier.Made) < earlier.Holds)
            {
                return earlier.Answer;
            }
        }

        var (answer, holds) = await FreshAsync(recipient, cancellationToken);
        lock (_gate)
        {
            if (_remembered.Count >= MostRemembered)
            {
                _remembered.Clear(); // asked anew
            }

            _remembered[key] = (answer, around.Clock.GetTimestamp(), holds);
        }

        return answer;
    }

    private async Task<(Refusal? Answer, TimeSpan Holds)> FreshAsync(EmailAddress recipient, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _underWay) > AtOnce)
        {
            Interlocked.Decrement(ref _underWay);
            return (Later("too many questions at once"), TimeSpan.Zero);
        }

        using var limit = new CancellationTokenSource(Patience, around.Clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await ProbeAsync(recipient, both.Token);
        }
        catch (SmtpClientException failure)
        {
            return (Later(failure.Message), Trouble);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return (Later("no answer in time"), Trouble);
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }

    private async Task<(Refusal? Answer, TimeSpan Holds)> ProbeAsync(EmailAddress recipient, CancellationToken cancellationToken)
    {
        var settings = around.Settings.Current;
        var route = await _routes.FindAsync(recipient.Domain.Ascii, NextHop.For(settings, null, recipient), TlsDemand.ByPolicy, cancellationToken);
        if (route.Peers is not [var peer, ..])
        {
            return (Later(route.Failure?.Text ?? ""), Trouble);
        }

        var session = await SmtpClientSession.OpenAsync(peer, new SmtpClientOptions(around.Clock, settings.Smtp.Hostname.Length > 0 ? settings.Smtp.Hostname : "localhost") { Trust = around.Trust }, cancellationToken);
        await using (session)
        {
            if (session.PeerName.Equals(settings.Smtp.Hostname, StringComparison.OrdinalIgnoreCase))
            {
                return (new Refusal(RefusalKind.MessageRefused, "RelayLoops") { EnhancedStatus = "5.4.6", Detail = peer.ToString() }, Unknown);
            }

            if (recipient.NeedsSmtpUtf8 && !session.Capabilities.SmtpUtf8)
            {
                return (NoSuch(recipient), Unknown);
            }

            var utf8 = recipient.NeedsSmtpUtf8 ? " SMTPUTF8" : "";
            var sender = await session.CommandAsync($"MAIL FROM:<>{utf8}", session.Deadlines.Command, cancellationToken);
            var reply = sender.IsPositive ? await session.CommandAsync($"RCPT TO:<{recipient}>", session.Deadlines.Command, cancellationToken) : sender;
            await session.QuitAsync(cancellationToken);
            return reply.IsPositive ? (null, Known)
                : reply.IsPermanent && sender.IsPositive ? (NoSuch(recipient), Unknown)
                : (Later(reply.ToString()), Trouble);
        }
    }

    private static Refusal NoSuch(EmailAddress recipient) => new(RefusalKind.UnknownRecipient, "UnknownRecipient") { Detail = recipient.ToString() };

    private static Refusal Later(string reason) => new(RefusalKind.Unavailable, "RecipientNotVerified") { Temporary = true, Detail = reason };
}
