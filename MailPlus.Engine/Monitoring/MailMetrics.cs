using System.Diagnostics.Metrics;
using MailPlus.Engine.Delivery.Queue;
using MailPlus.Engine.Events;
using MailPlus.Engine.Net.Connections;

namespace MailPlus.Engine.Monitoring;

/// <summary>Counters and gauges of mail for <c>/metrics</c>, fed by events (design rule 10). Names follow OpenTelemetry; Prometheus reads dots as underscores.</summary>
public sealed class MailMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "MailPlus";

    private readonly Meter _meter = new(MeterName);
    private readonly IDisposable _subscription;
    private readonly Counter<long> _accepted;
    private readonly Counter<long> _acceptedOctets;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _attempts;
    private readonly Counter<long> _signIns;

    /// <summary>Counts from now on.</summary>
    public MailMetrics(EventStream events, DeliveryQueue queue, ConnectionTable connections)
    {
        _accepted = _meter.CreateCounter<long>("mailplus.messages.accepted", "{message}", "Messages accepted, by origin.");
        _acceptedOctets = _meter.CreateCounter<long>("mailplus.messages.accepted.size", "By", "Octets of accepted messages.");
        _refused = _meter.CreateCounter<long>("mailplus.messages.refused", "{refusal}", "Recipients and messages refused at the door.");
        _attempts = _meter.CreateCounter<long>("mailplus.deliveries", "{attempt}", "Attempts to deliver to a recipient, by result.");
        _signIns = _meter.CreateCounter<long>("mailplus.signins", "{attempt}", "Sign-ins, by protocol and outcome.");
        _meter.CreateObservableGauge("mailplus.queue.in_hand", () => queue.InHand, "{message}", "Queue entries being delivered now.");
        _meter.CreateObservableGauge("mailplus.connections", () => connections.Count, "{connection}", "Open connections of mail protocols.");
        _meter.CreateObservableGauge("mailplus.process.resident_memory", () => Environment.WorkingSet, "By", "Resident memory of the process.");
        _meter.CreateObservableGauge("mailplus.process.managed_heap", () => GC.GetTotalMemory(forceFullCollection: false), "By", "Managed heap, dead objects included.");
        _subscription = events.Subscribe(Count);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _subscription.Dispose();
        _meter.Dispose();
    }

    private void Count(MailEvent happened)
    {
        switch (happened)
        {
            case MessageAccepted accepted:
                _accepted.Add(1, new KeyValuePair<string, object?>("origin", Word(accepted.Origin)));
                _acceptedOctets.Add(accepted.Size);
                break;
            case MessageRefused:
                _refused.Add(1);
                break;
            case RecipientAttempted attempted:
                _attempts.Add(1, new KeyValuePair<string, object?>("result", Word(attempted.Result)));
                break;
            case SignInAttempted signIn:
                _signIns.Add(1, new("protocol", signIn.Protocol), new("outcome", signIn.Succeeded ? "success" : "failure"));
                break;
            default:
                break;
        }
    }

    private static string Word(MessageOrigin origin) => origin switch
    {
        MessageOrigin.Inbound => "inbound",
        MessageOrigin.Submission => "submission",
        MessageOrigin.Webmail => "webmail",
        _ => "generated",
    };

    private static string Word(DeliveryResult result) => result switch
    {
        DeliveryResult.Delivered => "delivered",
        DeliveryResult.Relayed => "relayed",
        DeliveryResult.Deferred => "deferred",
        DeliveryResult.Removed => "removed",
        _ => "failed",
    };
}
