using MailPlus.Engine.Database;
using MailPlus.Engine.Events;

namespace MailPlus.Engine.Audit;

/// <summary>Events as rows of the mail log and as counts of an hour.</summary>
internal static class MailLogEntries
{
    private const long HourMicroseconds = 3_600_000_000;

    internal static MailLogEntryRow? Of(MailEvent happened) => happened switch
    {
        MessageAccepted accepted => new MailLogEntryRow
        {
            Time = accepted.Time.Microseconds,
            Kind = (int)MailLogKind.Accepted,
            Entry = accepted.Entry.Value,
            Sender = accepted.Sender,
            Recipient = string.Join(", ", accepted.Recipients),
            Subject = accepted.Subject,
            MessageId = accepted.MessageId,
            Size = accepted.Size,
            Client = accepted.Client?.ToString() ?? "",
            Origin = (int)accepted.Origin,
            Reply = accepted.Authentication,
        },
        RecipientAttempted attempted => new MailLogEntryRow
        {
            Time = attempted.Time.Microseconds,
            Kind = (int)Kind(attempted.Result),
            Entry = attempted.Entry.Value,
            Sender = attempted.Sender,
            Recipient = attempted.Recipient,
            Subject = attempted.Subject,
            MessageId = attempted.MessageId,
            Size = attempted.Size,
            Reply = attempted.Reply,
            NextHop = attempted.NextHop,
            Protection = attempted.Protection,
        },
        MessageRefused refused => new MailLogEntryRow
        {
            Time = refused.Time.Microseconds,
            Kind = (int)MailLogKind.Rejected,
            Sender = refused.Sender,
            Recipient = refused.Recipient,
            Reply = refused.Reply,
            Client = refused.Client?.ToString() ?? "",
        },
        _ => null,
    };

    internal static void Count(SortedDictionary<long, TrafficRow> traffic, MailLogEntryRow row)
    {
        var start = row.Time - row.Time % HourMicroseconds;
        if (!traffic.TryGetValue(start, out var hour))
        {
            traffic[start] = hour = new TrafficRow { Hour = start };
        }

        switch ((MailLogKind)row.Kind)
        {
            case MailLogKind.Accepted when row.Origin != (int)MessageOrigin.Generated:
                hour.Received++;
                hour.Octets += row.Size;
                break;
            case MailLogKind.Relayed:
                hour.Sent++;
                break;
            case MailLogKind.Delivered:
                hour.Delivered++;
                break;
            case MailLogKind.Rejected:
                hour.Rejected++;
                break;
            case MailLogKind.Deferred:
                hour.Deferred++;
                break;
            case MailLogKind.Failed:
                hour.Failed++;
                break;
            default:
                break;
        }
    }

    private static MailLogKind Kind(DeliveryResult result) => result switch
    {
        DeliveryResult.Delivered => MailLogKind.Delivered,
        DeliveryResult.Relayed => MailLogKind.Relayed,
        DeliveryResult.Deferred => MailLogKind.Deferred,
        DeliveryResult.Removed => MailLogKind.Removed,
        _ => MailLogKind.Failed,
    };
}
