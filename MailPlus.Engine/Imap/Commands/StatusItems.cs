using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Sharing;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>Items of STATUS (RFC 3501 6.3.10, STATUS=SIZE RFC 8438, HIGHESTMODSEQ RFC 7162, APPENDLIMIT RFC 7889, DELETED-STORAGE RFC 9208 4.1.4).</summary>
internal sealed record StatusItems(IReadOnlyList<string> Names)
{
    private static readonly string[] Known = ["MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "SIZE", "DELETED", "DELETED-STORAGE", "HIGHESTMODSEQ", "APPENDLIMIT", "MAILBOXID"];

    /// <summary>Reads a parenthesised list.</summary>
    public static StatusItems Read(ref ArgumentReader reader)
    {
        reader.Take((byte)'(');
        var names = new List<string>();
        do
        {
            var name = reader.Word();
            if (!Known.Contains(name))
            {
                throw new SyntaxException("Unknown STATUS item");
            }

            if (!names.Contains(name))
            {
                names.Add(name);
            }
        }
        while (reader.TryTake((byte)' '));
        reader.Take((byte)')');
        return new StatusItems(names);
    }

    /// <summary>Writes the STATUS response of a mailbox.</summary>
    public async ValueTask WriteAsync(ImapSession session, Place place, CancellationToken cancellationToken)
    {
        var (mailbox, recent) = (place.Mailbox, 0);
        if (Names.Contains("RECENT") && mailbox.FirstRecent < mailbox.UidNext)
        {
            var state = await place.Store.StateAsync(mailbox.Id, cancellationToken);
            mailbox = state.Mailbox;
            recent = state.Count - state.IndexOfFirstAtLeast(mailbox.FirstRecent);
        }

        var deletedOctets = Names.Contains("DELETED-STORAGE") && mailbox.Deleted > 0 ? await DeletedOctetsAsync(place, cancellationToken) : 0;
        session.IsCondStore |= Names.Contains("HIGHESTMODSEQ"); // RFC 7162 3.1: a CONDSTORE enabling command
        var output = session.Output;
        output.Write("* STATUS "u8);
        output.Mailbox(place.Name);
        output.Write(" ("u8);
        for (var i = 0; i < Names.Count; i++)
        {
            if (i > 0)
            {
                output.Write((byte)' ');
            }

            output.Write(Names[i]);
            output.Write((byte)' ');
            if (Names[i] == "MAILBOXID")
            {
                output.Write((byte)'(');
                output.Write(ObjectIds.Of(place.Store.Account, mailbox.Id));
                output.Write((byte)')');
                continue;
            }

            output.Write(Names[i] switch
            {
                "MESSAGES" => mailbox.Messages,
                "RECENT" => recent,
                "UIDNEXT" => mailbox.UidNext.Value,
                "UIDVALIDITY" => mailbox.UidValidity,
                "UNSEEN" => mailbox.Unseen,
                "SIZE" => mailbox.Size,
                "DELETED" => mailbox.Deleted,
                "DELETED-STORAGE" => deletedOctets,
                "HIGHESTMODSEQ" => Math.Max(1, mailbox.HighestModSeq.Value),
                _ => session.Settings.Smtp.MaximumMessageSize,
            });
        }

        output.Write(")\r\n"u8);
    }

    private static async ValueTask<long> DeletedOctetsAsync(Place place, CancellationToken cancellationToken)
    {
        var state = await place.Store.StateAsync(place.Id, cancellationToken);
        return state.Range(0, state.Count).Where(m => (m.Flags & MessageFlags.Deleted) != 0).Sum(m => (long)m.Size);
    }
}
