using System.Text;
using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>A result on its way to the client.</summary>
/// <param name="Found">The matches.</param>
/// <param name="Return">What was asked of it.</param>
internal sealed record SearchAnswer(Matches Found, SearchReturn Return)
{
    private const int NumbersAtOnce = 2048; // Between two looks at whether the peer reads.

    /// <summary>UIDs instead of sequence numbers.</summary>
    public bool ByUid { get; init; }

    /// <summary>The order is that of a SORT: sets must keep it.</summary>
    public bool IsSorted { get; init; }

    /// <summary>MODSEQ was used in a key, so the answer carries one (RFC 7162 3.1.5).</summary>
    public bool WithModSeq { get; init; }

    /// <summary>The plain response: <c>* SEARCH</c> or <c>* SORT</c>.</summary>
    public async ValueTask WritePlainAsync(ResponseWriter output, CancellationToken cancellationToken)
    {
        output.Write(IsSorted ? "* SORT"u8 : "* SEARCH"u8);
        if (Found.Order is { } order)
        {
            for (var start = 0; start < order.Length; start += NumbersAtOnce)
            {
                WriteSome(output, order.AsSpan(start, Math.Min(NumbersAtOnce, order.Length - start)));
                await output.FlushIfFullAsync(cancellationToken);
            }
        }
        else
        {
            foreach (var (start, count) in Found.Positions.Ranges)
            {
                for (var done = 0; done < count;)
                {
                    done += WriteStretch(output, start + done, count - done);
                    await output.FlushIfFullAsync(cancellationToken);
                }
            }
        }

        if (WithModSeq && Found.Count > 0)
        {
            output.Write(" (MODSEQ "u8);
            output.Write(HighestModSeq(Found.All()));
            output.Write((byte)')');
        }

        output.Line();
    }

    /// <summary>The ESEARCH response (RFC 4731 3.1); with the mailbox as further correlator in answer to ESEARCH (RFC 7377 2.1).</summary>
    public void WriteExtended(ResponseWriter output, string tag, Store.Contract.Mailbox? mailbox = null)
    {
        output.Write("* ESEARCH (TAG "u8);
        output.String(Encoding.ASCII.GetBytes(tag));
        if (mailbox is not null)
        {
            output.Write(" MAILBOX "u8);
            output.Mailbox(mailbox.Name);
            output.Write(" UIDVALIDITY "u8);
            output.Write(mailbox.UidValidity);
        }

        output.Write(ByUid ? ") UID"u8 : ")"u8);
        if (Found.Count > 0)
        {
            WriteNumber(output, ReturnItems.Min, " MIN "u8, Shown(Found.First));
            WriteNumber(output, ReturnItems.Max, " MAX "u8, Shown(Found.Last));
            if (Return.Has(ReturnItems.All))
            {
                output.Write(" ALL "u8);
                WriteSet(output, 0, Found.Count);
            }
        }

        WriteNumber(output, ReturnItems.Count, " COUNT "u8, Found.Count);
        var (start, count) = Return.Partial?.Of(Found.Count) ?? (0, Found.Count);
        if (Return.Partial is { } partial)
        {
            output.Write(" PARTIAL ("u8);
            output.Write(partial.ToString());
            output.Write(count == 0 ? " NIL"u8 : " "u8);
            WriteSet(output, start, count);
            output.Write((byte)')');
        }

        if (Return.Has(ReturnItems.Relevancy))
        {
            WriteRelevancy(output, start, count);
        }

        if (WithModSeq && Found.Count > 0)
        {
            output.Write(" MODSEQ "u8);
            output.Write(HighestModSeq(start, count));
        }

        output.Line();
    }

    /// <summary>What "$" holds after SAVE (RFC 5182 2.4, RFC 9394 3.2).</summary>
    public UidSet Saved()
    {
        if (Found.Count == 0)
        {
            return UidSet.Empty;
        }

        var isAll = Return.Has(ReturnItems.All | ReturnItems.Count) || (!Return.Has(ReturnItems.Min | ReturnItems.Max) && Return.Partial is null);
        return UidSet.From(isAll ? Found.Uids() : Named().Select(Found.UidAt));
    }

    private IEnumerable<int> Named()
    {
        if (Return.Has(ReturnItems.Min))
        {
            yield return Found.First;
        }

        if (Return.Has(ReturnItems.Max))
        {
            yield return Found.Last;
        }

        var (start, count) = Return.Partial?.Of(Found.Count) ?? (0, 0);
        foreach (var position in Found.Slice(start, count))
        {
            yield return position;
        }
    }

    private void WriteSome(ResponseWriter output, ReadOnlySpan<int> positions)
    {
        foreach (var position in positions)
        {
            output.Write((byte)' ');
            output.Write(Shown(position));
        }
    }

    /// <summary>Writes messages that stand side by side; returns how many.</summary>
    private int WriteStretch(ResponseWriter output, int start, int count)
    {
        if (ByUid)
        {
            var messages = Found.Stretch(start, count).Span;
            foreach (ref readonly var message in messages)
            {
                output.Write((byte)' ');
                output.Write(message.Uid.Value);
            }

            return messages.Length;
        }

        count = Math.Min(count, NumbersAtOnce);
        for (var number = start + 1; number <= start + count; number++)
        {
            output.Write((byte)' ');
            output.Write(number);
        }

        return count;
    }

    private void WriteNumber(ResponseWriter output, ReturnItems item, ReadOnlySpan<byte> label, long number)
    {
        if (Return.Has(item))
        {
            output.Write(label);
            output.Write(number);
        }
    }

    /// <summary>Numbers in their order, ascending neighbours as ranges (RFC 5267 3.2).</summary>
    private void WriteSet(ResponseWriter output, int start, int count)
    {
        output.Set(Ranges(start, count));
    }

    private IEnumerable<(uint First, uint Last)> Ranges(int start, int count)
    {
        var (first, last) = (0u, 0u);
        foreach (var position in Found.Slice(start, count))
        {
            var shown = Shown(position);
            if (first == 0)
            {
                first = shown;
            }
            else if (shown != last + 1)
            {
                yield return (first, last);
                first = shown;
            }

            last = shown;
        }

        if (first != 0)
        {
            yield return (first, last);
        }
    }

    private void WriteRelevancy(ResponseWriter output, int start, int count)
    {
        output.Write(" RELEVANCY ("u8);
        var isFirst = true;
        foreach (var position in Found.Slice(start, count))
        {
            output.Write(isFirst ? default : " "u8);
            output.Write(Found.RelevancyAt(position));
            isFirst = false;
        }

        output.Write((byte)')');
    }

    /// <summary>RFC 4731 3.2: of the messages returned, which with only MIN, MAX or PARTIAL are not all.</summary>
    private long HighestModSeq(int start, int count)
    {
        var isAll = Return.Has(ReturnItems.All | ReturnItems.Count) || (!Return.Has(ReturnItems.Min | ReturnItems.Max) && (Return.Partial is null || count == 0));
        return HighestModSeq(isAll ? Found.All() : Named());
    }

    private long HighestModSeq(IEnumerable<int> positions) => positions.Max(p => Found.At(p).ModSeq.Value);

    private uint Shown(int position) => ByUid ? Found.UidAt(position).Value : (uint)position + 1;
}
