using System.Text;
using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>A result on its way to the client.</summary>
/// <param name="Found">Matches in mailbox order, or in the order of a SORT.</param>
/// <param name="Return">What was asked of it.</param>
internal sealed record SearchAnswer(IReadOnlyList<Found> Found, SearchReturn Return)
{
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
        foreach (var found in Found)
        {
            output.Write((byte)' ');
            output.Write(Shown(found));
            await output.FlushIfFullAsync(cancellationToken);
        }

        if (WithModSeq && Found.Count > 0)
        {
            output.Write(" (MODSEQ "u8);
            output.Write(Found.Max(f => f.Message.ModSeq.Value));
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
            WriteNumber(output, ReturnItems.Min, " MIN "u8, Shown(Found[0]));
            WriteNumber(output, ReturnItems.Max, " MAX "u8, Shown(Found[^1]));
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
        return UidSet.From((isAll ? Found : Named()).Select(f => f.Message.Uid));
    }

    private IEnumerable<Found> Named()
    {
        if (Return.Has(ReturnItems.Min))
        {
            yield return Found[0];
        }

        if (Return.Has(ReturnItems.Max))
        {
            yield return Found[^1];
        }

        var (start, count) = Return.Partial?.Of(Found.Count) ?? (0, 0);
        for (var i = start; i < start + count; i++)
        {
            yield return Found[i];
        }
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
        for (var i = start; i < start + count;)
        {
            var first = Shown(Found[i]);
            var last = first;
            for (i++; i < start + count && Shown(Found[i]) == last + 1; i++)
            {
                last++;
            }

            output.Write(first);
            if (last != first)
            {
                output.Write((byte)':');
                output.Write(last);
            }

            if (i < start + count)
            {
                output.Write((byte)',');
            }
        }
    }

    private void WriteRelevancy(ResponseWriter output, int start, int count)
    {
        output.Write(" RELEVANCY ("u8);
        for (var i = start; i < start + count; i++)
        {
            if (i > start)
            {
                output.Write((byte)' ');
            }

            output.Write(Found[i].Relevancy);
        }

        output.Write((byte)')');
    }

    /// <summary>RFC 4731 3.2: of the messages returned, which with only MIN, MAX or PARTIAL are not all.</summary>
    private long HighestModSeq(int start, int count)
    {
        var isAll = Return.Has(ReturnItems.All | ReturnItems.Count) || (!Return.Has(ReturnItems.Min | ReturnItems.Max) && (Return.Partial is null || count == 0));
        return (isAll ? Found : Named()).Max(f => f.Message.ModSeq.Value);
    }

    private uint Shown(Found found) => ByUid ? found.Message.Uid.Value : found.Number;
}
