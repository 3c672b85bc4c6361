using MailPlus.Engine.Delivery.Queue;
using MailPlus.Engine.Delivery.Routing;
using MailPlus.Engine.Events;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Smtp.Client;
using Microsoft.Extensions.Logging;

namespace MailPlus.Engine.Delivery.Remote;

/// <summary>One connection to one destination, opened when first needed and kept from message to message.</summary>
internal sealed partial class DestinationMailer(DeliverySurroundings around, RouteLookup routes, Destination destination)
{
    /// <summary>RFC 5321 4.5.3.1.8: every server takes at least so many recipients a message.</summary>
    private const int RecipientsAtOnce = 100;
    private const int MostRecipientsAtOnce = 1000;
    private const int MessagesPerConnection = 100;

    private readonly ILogger _log = around.Logs.CreateLogger<DestinationMailer>();
    private SmtpClientSession? _session;
    private TlsDemand _demand; // what the session was opened for
    private int _sent;

    /// <summary>Waiting times.</summary>
    public SmtpClientDeadlines Deadlines { get; init; } = new();

    /// <summary>Told true when a message was taken, false when the destination turned a connection away.</summary>
    public Action<bool> Learned { get; init; } = _ => { };

    /// <summary>Delivers a job and reports it, whatever happens, unless broken off.</summary>
    public async Task DeliverAsync(RemoteJob job, long submitted, CancellationToken cancellationToken)
    {
        IReadOnlyList<RecipientResult> results;
        try
        {
            results = await TryAsync(job, submitted, cancellationToken);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogFailed(failure, job.Entry.Id.ToString(), destination.Name);
            await DropAsync();
            results = Results(job.Recipients, new SmtpOutcome(SmtpOutcomeKind.Transient, "4.3.0", "local error in processing"), null);
        }

        await job.Report(results);
    }

    /// <summary>Ends the session.</summary>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        if (_session is { } session)
        {
            _session = null;
            try
            {
                await session.QuitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                await session.DisposeAsync();
            }
        }
    }

    private async Task<IReadOnlyList<RecipientResult>> TryAsync(RemoteJob job, long submitted, CancellationToken cancellationToken)
    {
        if (destination.Outage is { } outage && outage.Demand == job.Demand && submitted <= outage.At)
        {
            return Results(job.Recipients, outage.Reason, null);
        }

        if (await job.Open(cancellationToken) is not { } content)
        {
            return []; // removed by an administrator
        }

        await using var opened = content;
        var results = new List<RecipientResult>(job.Recipients.Count);
        var rest = job.Recipients;
        while (rest.Count > 0)
        {
            if (await ReachAsync(job, cancellationToken) is { } unreachable)
            {
                destination.Outage = new Outage(around.Clock.GetTimestamp(), job.Demand, unreachable);
                Learned(false);
                results.AddRange(Results(rest, unreachable, null));
                break;
            }

            rest = await SendAsync(job, content, rest, results, cancellationToken);
        }

        return results;
    }

    /// <summary>Sends to as many as one transaction takes.</summary>
    /// <returns>Those that have to go in another one.</returns>
    private async Task<IReadOnlyList<QueueRecipient>> SendAsync(RemoteJob job, MessageContent content, IReadOnlyList<QueueRecipient> rest, List<RecipientResult> results, CancellationToken cancellationToken)
    {
        var session = _session!;
        var entry = job.Entry;
        var now = rest.TakeWhile(r => r.Recipient.Role == rest[0].Recipient.Role).Take(session.Capabilities.MaximumRecipients is > 0 and var most ? Math.Min(most, MostRecipientsAtOnce) : RecipientsAtOnce).ToList();
        var envelope = new Envelope(ForwardedSender.Of(entry, now[0].Recipient, around), [.. now.Select(r => r.Recipient)]) { Return = entry.Return, EnvelopeId = entry.EnvelopeId, SmtpUtf8 = entry.SmtpUtf8, Terms = entry.Terms };
        var transfer = new MailTransfer(session, new SmtpTransaction(envelope, entry.Prefix, content) { HasEightBit = entry.HasEightBit, HasEightBitHeader = entry.HasEightBitHeader, Now = Instant.Now(around.Clock) });
        var outcomes = await transfer.RunAsync(cancellationToken);
        var reused = _sent++ > 0;
        if (!session.IsUsable)
        {
            await DropAsync();
            Learned(false);
            if (reused && !transfer.EndWasSent && outcomes.All(o => o is { Kind: SmtpOutcomeKind.Transient, FromPeer: false }))
            {
                return rest; // the peer closed between two messages: a fresh connection, which is not reused
            }
        }

        var again = new List<QueueRecipient>();
        var anyAccepted = outcomes.Any(o => o.Kind == SmtpOutcomeKind.Accepted);
        if (anyAccepted && session.IsUsable)
        {
            Learned(true);
        }

        for (var i = 0; i < now.Count; i++)
        {
            // RFC 5321 4.5.3.1.10: 452 to a RCPT among accepted ones means "not in this transaction".
            if (anyAccepted && outcomes[i] is { Kind: SmtpOutcomeKind.Transient, FromPeer: true } && outcomes[i].Text.StartsWith("452", StringComparison.Ordinal) && !outcomes[i].Status.StartsWith("4.2", StringComparison.Ordinal))
            {
                again.Add(now[i]);
            }
            else
            {
                results.AddRange(Results([now[i]], outcomes[i], session));
            }
        }

        again.AddRange(rest.Skip(now.Count));
        return again;
    }

    /// <summary>Makes sure there is a session.</summary>
    /// <returns>Why there is none, null when there is.</returns>
    private async Task<SmtpOutcome?> ReachAsync(RemoteJob job, CancellationToken cancellationToken)
    {
        var (domain, demand) = (job.Domain, job.Demand);
        if (_session is { IsUsable: true } open && _demand == demand && _sent < (open.Capabilities.MaximumMessages is > 0 and var most ? Math.Min(most, MessagesPerConnection) : MessagesPerConnection))
        {
            return null;
        }

        await CloseAsync(cancellationToken);
        _sent = 0;
        _demand = demand;
        var route = await routes.FindAsync(domain, job.Hop, demand, cancellationToken);
        foreach (var (host, tls) in route.Faults.Where(left => left.Tls.Fault != TlsFault.None)) // a message's own demand is no fault of the domain
        {
            Note(new TlsTry(domain, PolicyOf(tls), tls.Fault, host) { Reason = tls.Reason });
        }

        if (route.Failure is not null)
        {
            return route.Failure;
        }

        var last = new SmtpOutcome(SmtpOutcomeKind.Transient, "4.4.1", "no server could be reached");
        // A server left out because of trouble with DNS may fit the next time.
        var fitsNone = demand == TlsDemand.Authenticated && route.Faults.All(fault => fault.Tls.Refusal is null || fault.Tls.Proof.Policy == TlsPolicyKind.Configured);
        foreach (var peer in route.Peers)
        {
            try
            {
                _session = await OpenAsync(domain, peer, cancellationToken);
            }
            catch (SmtpClientException failure)
            {
                last = new SmtpOutcome(SmtpOutcomeKind.Transient, StatusOf(failure.Failure), failure.Message);
                fitsNone &= failure.Failure == SmtpClientFailure.Tls;
                continue;
            }

            if (demand == TlsDemand.Authenticated && !_session.Capabilities.RequireTls)
            {
                // RFC 8689 4.2.1: another server of the domain may keep what the message asks for.
                await CloseAsync(cancellationToken);
                last = new SmtpOutcome(SmtpOutcomeKind.Transient, "4.7.30", $"{peer} does not keep to TLS from there on (REQUIRETLS)");
                continue;
            }

            if ((!peer.IsRelay || job.Hop is { IsFinal: true }) && _session.PeerName.Equals(around.Settings.Current.Smtp.Hostname, StringComparison.OrdinalIgnoreCase))
            {
                await CloseAsync(cancellationToken);
                return new SmtpOutcome(SmtpOutcomeKind.Permanent, "5.4.6", $"mail for {domain} loops back to this server through {peer}");
            }

            return null;
        }

        return fitsNone ? new SmtpOutcome(SmtpOutcomeKind.Permanent, "5.7.30", $"the sender requires TLS on the whole way: {last.Text}") : last;
    }

    private async Task<SmtpClientSession> OpenAsync(string domain, SmtpPeer peer, CancellationToken cancellationToken)
    {
        var hostname = around.Settings.Current.Smtp.Hostname;
        var options = new SmtpClientOptions(around.Clock, hostname.Length > 0 ? hostname : "localhost") { Deadlines = Deadlines, Trust = around.Trust };
        try
        {
            var session = await SmtpClientSession.OpenAsync(peer, options, cancellationToken);
            Note(domain, peer, session.Noted, session.Noted == TlsFault.None ? "" : $"{peer}: {TlsReportOperations.Word(session.Noted)}");
            return session;
        }
        catch (SmtpClientException failure) when (failure.Fault != TlsFault.None && (peer.IsRelay || peer.Tls != SmtpClientTls.Opportunistic))
        {
            Note(domain, peer, failure.Fault, failure.Message);
            throw;
        }
        catch (SmtpClientException failure) when ((failure.Failure == SmtpClientFailure.Tls || failure.Fault != TlsFault.None) && peer is { Tls: SmtpClientTls.Opportunistic, IsRelay: false })
        {
            Note(domain, peer, failure.Fault, failure.Message);
            // Opportunistic: broken TLS at an MX is no worse than none (RFC 7435 1.2).
            LogWithoutTls(peer.ToString(), failure.Message);
            return await SmtpClientSession.OpenAsync(peer with { Tls = SmtpClientTls.None }, options, cancellationToken);
        }
    }

    /// <summary>What RFC 8460 reports of a session; the relay host is the administrator's own affair.</summary>
    private void Note(string domain, SmtpPeer peer, TlsFault fault, string reason)
    {
        // Without a usable TLSA record every session is a failure of the policy, which was noted with the route.
        if (!peer.IsRelay && peer.Tls != SmtpClientTls.None && peer.Proof is not { Policy: TlsPolicyKind.Dane, Authority: PeerAuthority.None })
        {
            Note(new TlsTry(domain, peer.Proof.Policy, fault, peer.Host) { Address = peer.Address.Address.ToString(), Reason = reason });
        }
    }

    private void Note(TlsTry happened) => around.TlsLedger?.Note(happened);

    private static TlsPolicyKind PolicyOf(HostTls tls) =>
        tls.Fault is TlsFault.StsPolicyFetchError or TlsFault.StsPolicyInvalid or TlsFault.StsWebPkiInvalid ? TlsPolicyKind.MtaSts : tls.Proof.Policy;

    private async Task DropAsync()
    {
        if (_session is { } session)
        {
            _session = null;
            await session.DisposeAsync();
        }
    }

    private static string StatusOf(SmtpClientFailure failure) => failure switch
    {
        SmtpClientFailure.Connect => "4.4.1",
        SmtpClientFailure.Tls => "4.7.5",
        SmtpClientFailure.Authentication => "4.7.8",
        SmtpClientFailure.Refused => "4.3.2",
        _ => "4.4.2",
    };

    private static IReadOnlyList<RecipientResult> Results(IReadOnlyList<QueueRecipient> recipients, SmtpOutcome outcome, SmtpClientSession? session) =>
    [
        .. recipients.Select(r => new RecipientResult(r, ResultOf(outcome.Kind), outcome.Status, outcome.Text)
        {
            NextHop = session?.Peer.ToString() ?? "",
            RemoteMta = session?.Peer.Host ?? "",
            Protection = session?.Protection ?? "",
            FromPeer = outcome.FromPeer,
            DsnPassedOn = outcome.DsnPassedOn,
            DeliverByPassedOn = outcome.DeliverByPassedOn,
        }),
    ];

    private static DeliveryResult ResultOf(SmtpOutcomeKind kind) => kind switch
    {
        SmtpOutcomeKind.Accepted => DeliveryResult.Relayed,
        SmtpOutcomeKind.Permanent => DeliveryResult.Failed,
        _ => DeliveryResult.Deferred,
    };

    [LoggerMessage(5511, LogLevel.Error, "Entry {Entry} could not be sent to {Destination}")]
    private partial void LogFailed(Exception failure, string entry, string destination);

    [LoggerMessage(5512, LogLevel.Information, "{Peer} is spoken to without TLS: {Reason}")]
    private partial void LogWithoutTls(string peer, string reason);
}
