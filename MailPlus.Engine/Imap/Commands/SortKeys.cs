using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>
/// Puts messages in the order of sort criteria (RFC 5256 3). Every key is a number: of the snapshot, or of the columns the store keeps of what was learned at
/// delivery, in which a text is its place in the order of texts.
/// </summary>
internal sealed class SortKeys(SelectedMailbox selected, IReadOnlyList<(SortCriterion Criterion, bool IsReverse)> criteria)
{
    /// <summary>The result in order; what is equal in all criteria stays in mailbox order.</summary>
    public async ValueTask<Matches> SortAsync(Matches found, CancellationToken cancellationToken)
    {
        var subjects = Uses(SortCriterion.Date, SortCriterion.Subject)
            ? await selected.Store.SortColumnsAsync(selected.View, SortPart.Subject, Uses(SortCriterion.Subject), cancellationToken) : null;
        var addresses = Uses(SortCriterion.From, SortCriterion.To, SortCriterion.Cc, SortCriterion.DisplayFrom, SortCriterion.DisplayTo)
            ? await selected.Store.SortColumnsAsync(selected.View, SortPart.Address, ordered: true, cancellationToken) : null;
        var rows = Rows(found, subjects ?? addresses);
        var keys = criteria.Select(c => Array.ConvertAll(rows, row => KeyOf(c.Criterion, row, subjects, addresses))).ToArray();
        var order = new int[rows.Length];
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Array.Sort(order, (one, other) => Compare(keys, one, other));
        return found with { Order = Array.ConvertAll(order, i => rows[i].Position) };
    }

    private static long KeyOf(SortCriterion criterion, in Row row, SortColumns? subjects, SortColumns? addresses) => criterion switch
    {
        SortCriterion.Arrival => row.Message.InternalDate,
        SortCriterion.Size => row.Message.Size,
        SortCriterion.Relevancy => -row.Relevancy,
        SortCriterion.Date => row.At >= 0 && subjects!.Sent.Span[row.At] is not long.MinValue and var sent ? sent : row.Message.InternalDate,
        SortCriterion.Subject => row.At >= 0 ? subjects!.Ranks.Span[subjects.Subjects.Span[row.At] >> 1] : 0,
        SortCriterion.From => Address(addresses!, AddressColumn.From, row),
        SortCriterion.To => Address(addresses!, AddressColumn.To, row),
        SortCriterion.Cc => Address(addresses!, AddressColumn.Cc, row),
        SortCriterion.DisplayFrom => Address(addresses!, AddressColumn.DisplayFrom, row),
        _ => Address(addresses!, AddressColumn.DisplayTo, row),
    };

    private static long Address(SortColumns columns, AddressColumn column, in Row row) =>
        columns.IndexOf(row.Message.Uid, row.At) is >= 0 and var at ? columns.Ranks.Span[columns.Addresses[(int)column].Span[at]] : 0;

    /// <summary>The messages and where they stand in the columns.</summary>
    private static Row[] Rows(Matches found, SortColumns? columns)
    {
        var rows = new Row[found.Count];
        var (count, near) = (0, 0);
        foreach (var (start, length) in found.Positions.Ranges)
        {
            for (var position = start; position < start + length;)
            {
                foreach (ref readonly var message in found.Stretch(position, start + length - position).Span)
                {
                    var at = columns?.IndexOf(message.Uid, near) ?? -1;
                    near = at + 1;
                    rows[count++] = new Row(position, at, found.RelevancyAt(position), message);
                    position++;
                }
            }
        }

        return rows;
    }

    private bool Uses(params ReadOnlySpan<SortCriterion> any)
    {
        foreach (var (criterion, _) in criteria)
        {
            if (any.Contains(criterion))
            {
                return true;
            }
        }

        return false;
    }

    private int Compare(long[][] keys, int one, int other)
    {
        for (var i = 0; i < keys.Length; i++)
        {
            var order = keys[i][one].CompareTo(keys[i][other]);
            if (order != 0)
            {
                return criteria[i].IsReverse ? -order : order;
            }
        }

        return one.CompareTo(other);
    }

    private readonly record struct Row(int Position, int At, int Relevancy, MessageState Message);
}
