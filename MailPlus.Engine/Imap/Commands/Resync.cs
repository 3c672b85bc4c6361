using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>Brings a client up to date that comes back with what it knew (RFC 7162 3.2.5, 3.2.6).</summary>
internal static class Resync
{
    private const int RangesALine = 1000;

    /// <summary>The answer to SELECT (QRESYNC …): what vanished, then what changed. Another UIDVALIDITY says it all already.</summary>
    public static async ValueTask TellAsync(ImapSession session, SelectedMailbox selected, ResyncPoint point, CancellationToken cancellationToken)
    {
        var mailbox = selected.View.Mailbox;
        if (point.UidValidity != mailbox.UidValidity || mailbox.UidNext.Value == 1)
        {
            return;
        }

        var given = UidSet.FromRanges([(1, mailbox.UidNext.Value - 1)]);
        var known = point.Known is { } set ? given.Intersect(UidSet.FromRanges(set.Ranges)) : given;
        await TellVanishedAsync(session, (known, point.ModSeq, MatchedUpTo(selected, point)), cancellationToken);
        var number = 0;
        foreach (var message in selected.View.Range(0, selected.View.Count))
        {
            number++;
            if (message.ModSeq.Value > point.ModSeq && known.Contains(message.Uid))
            {
                selected.WriteFlagsOf(session, number, message);
                await session.Output.FlushIfFullAsync(cancellationToken);
            }
        }
    }

    /// <summary>VANISHED (EARLIER) for those of a set that went after a MODSEQ. What the client still has in its view is told when sequence numbers may change (mail-rules 8).</summary>
    public static async ValueTask TellVanishedAsync(ImapSession session, (UidSet Known, long Since, uint Above) asked, CancellationToken cancellationToken)
    {
        var selected = session.Selected!;
        var vanished = await selected.Store.VanishedSinceAsync(selected.Id, new ModSeq(asked.Since), cancellationToken);
        var gone = Without(vanished.Intersect(asked.Known), selected, asked.Above);
        for (var start = 0; start < gone.Count; start += RangesALine)
        {
            session.Output.Write("* VANISHED (EARLIER) "u8);
            session.Output.Set(gone.Skip(start).Take(RangesALine));
            session.Output.Line();
            await session.Output.FlushIfFullAsync(cancellationToken);
        }
    }

    private static List<(uint First, uint Last)> Without(UidSet vanished, SelectedMailbox selected, uint above)
    {
        var gone = new List<(uint First, uint Last)>();
        foreach (var (first, last) in vanished.Ranges)
        {
            var from = (ulong)Math.Max(first, above + 1);
            for (var at = selected.View.IndexOfFirstAtLeast(new Uid(first)); at < selected.View.Count && selected.View[at].Uid.Value <= last; at++)
            {
                var there = selected.View[at].Uid.Value;
                if (there > from)
                {
                    gone.Add(((uint)from, there - 1));
                }

                from = Math.Max(from, (ulong)there + 1);
            }

            if (from <= last)
            {
                gone.Add(((uint)from, last));
            }
        }

        return gone;
    }

    /// <summary>The highest UID whose sequence number is what the client knows: nothing up to it has vanished, for as many messages lie below as did.</summary>
    private static uint MatchedUpTo(SelectedMailbox selected, ResyncPoint point)
    {
        for (var i = point.Matches.Count - 1; i >= 0; i--)
        {
            var (number, uid) = point.Matches[i];
            if (number <= selected.View.Count && selected.View[(int)number - 1].Uid.Value == uid)
            {
                return uid;
            }
        }

        return 0;
    }
}
