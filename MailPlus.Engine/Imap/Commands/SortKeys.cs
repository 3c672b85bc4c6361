using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>Puts messages in the order of sort criteria (RFC 5256 3). Everything comes from the snapshot and the summaries made at delivery; no body is read.</summary>
internal sealed class SortKeys
{
    private readonly ImapSession _session;
    private readonly SelectedMailbox _selected;
    private readonly IReadOnlyList<(SortCriterion Criterion, bool IsReverse)> _criteria;
    private readonly MessageColumns _columns;

    public SortKeys(ImapSession session, SelectedMailbox selected, IReadOnlyList<(SortCriterion Criterion, bool IsReverse)> criteria)
    {
        (_session, _selected, _criteria) = (session, selected, criteria);
        foreach (var (criterion, _) in criteria)
        {
            _columns |= criterion switch
            {
                SortCriterion.Date or SortCriterion.Subject => MessageColumns.Listing,
                SortCriterion.From or SortCriterion.To or SortCriterion.Cc or SortCriterion.DisplayFrom or SortCriterion.DisplayTo => MessageColumns.Envelope,
                _ => MessageColumns.None,
            };
        }
    }

    /// <summary>The messages in order with their keys; what is equal in all criteria stays in mailbox order.</summary>
    public async ValueTask<List<Entry>> SortAsync(List<Found> found, CancellationToken cancellationToken)
    {
        var entries = await KeysAsync(found, cancellationToken);
        entries.Sort(Compare);
        return entries;
    }

    /// <summary>Sort keys of messages, in the order given; a message that is gone meanwhile has empty ones.</summary>
    public async ValueTask<List<Entry>> KeysAsync(List<Found> found, CancellationToken cancellationToken)
    {
        var entries = new List<Entry>(found.Count);
        if (_columns == MessageColumns.None)
        {
            found.ForEach(f => entries.Add(new Entry(f, Keys(f, null))));
            return entries;
        }

        var at = 0;
        var uids = found.ConvertAll(f => f.Message.Uid);
        await foreach (var row in _selected.Store.ReadAsync(_selected.Id, uids, _columns, cancellationToken))
        {
            for (; uids[at] != row.Uid; at++)
            {
                entries.Add(new Entry(found[at], Keys(found[at], null)));
            }

            entries.Add(new Entry(found[at], Keys(found[at], row)));
            at++;
        }

        for (; at < found.Count; at++)
        {
            entries.Add(new Entry(found[at], Keys(found[at], null)));
        }

        return entries;
    }

    /// <summary>Order of two messages.</summary>
    public int Compare(Entry one, Entry other)
    {
        for (var i = 0; i < _criteria.Count; i++)
        {
            var (a, b) = (one.Keys[i], other.Keys[i]);
            var order = a.Text is not null && b.Text is not null ? a.Text.AsSpan().SequenceCompareTo(b.Text) : a.Number.CompareTo(b.Number);
            if (order != 0)
            {
                return _criteria[i].IsReverse ? -order : order;
            }
        }

        return one.Found.Message.Uid.Value.CompareTo(other.Found.Message.Uid.Value);
    }

    private Key[] Keys(Found found, MessageRow? row)
    {
        var keys = new Key[_criteria.Count];
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = KeyOf(_criteria[i].Criterion, found, row);
        }

        return keys;
    }

    private static Key KeyOf(SortCriterion criterion, in Found found, MessageRow? row) => criterion switch
    {
        SortCriterion.Arrival => new Key(found.Message.InternalDate),
        SortCriterion.Size => new Key(found.Message.Size),
        SortCriterion.Relevancy => new Key(-found.Relevancy),
        SortCriterion.Date => new Key(row?.Listing?.Sent is { } sent ? sent.Microseconds / 1_000_000 : found.Message.InternalDate),
        SortCriterion.Subject => Text(row?.Listing is { } listing ? BaseSubject.Of(listing.Subject).Text : ""),
        SortCriterion.From => Text(Address(row, EnvelopeReader.Field.From)?.Mailbox ?? ""),
        SortCriterion.To => Text(Address(row, EnvelopeReader.Field.To)?.Mailbox ?? ""),
        SortCriterion.Cc => Text(Address(row, EnvelopeReader.Field.Cc)?.Mailbox ?? ""),
        SortCriterion.DisplayFrom => Text(Display(Address(row, EnvelopeReader.Field.From))),
        _ => Text(Display(Address(row, EnvelopeReader.Field.To))),
    };

    private static EnvelopeAddress? Address(MessageRow? row, EnvelopeReader.Field field) => row is null ? null : EnvelopeReader.FirstAddress(row.Envelope.Span, field);

    /// <summary>RFC 5957 3.</summary>
    private static string Display(EnvelopeAddress? address) => address switch
    {
        null => "",
        { Name.Length: > 0 } named => named.Name,
        { Host.Length: > 0 } full => $"{full.Mailbox}@{full.Host}",
        { } rest => rest.Mailbox,
    };

    private static Key Text(string text) => new(0, Casemap.Key(text));

    /// <summary>A number or octets to be compared.</summary>
    internal readonly record struct Key(long Number, byte[]? Text = null);

    /// <summary>A message with its keys.</summary>
    internal readonly record struct Entry(Found Found, Key[] Keys);
}
