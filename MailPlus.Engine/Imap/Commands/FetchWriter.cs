using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>Writes FETCH data items that need no body.</summary>
internal static class FetchWriter
{
    public static void Separate(ResponseWriter output, ref bool isFirst)
    {
        if (!isFirst)
        {
            output.Write((byte)' ');
        }

        isFirst = false;
    }

    /// <summary>An item answered from the snapshot.</summary>
    public static void WriteState(SelectedMailbox selected, ResponseWriter output, FetchAttribute attribute, in MessageState message, ref bool isFirst)
    {
        Separate(output, ref isFirst);
        switch (attribute)
        {
            case FetchAttribute.Uid:
                output.Write("UID "u8);
                output.Write(message.Uid.Value);
                break;
            case FetchAttribute.Flags:
                output.Write("FLAGS "u8);
                selected.WriteFlags(output, message);
                break;
            case FetchAttribute.InternalDate:
                output.Write("INTERNALDATE "u8);
                ImapTime.Write(output, message.InternalDate);
                break;
            case FetchAttribute.Size:
                output.Write("RFC822.SIZE "u8);
                output.Write(message.Size);
                break;
            case FetchAttribute.ModSeq:
                output.Write("MODSEQ ("u8);
                output.Write(message.ModSeq.Value);
                output.Write((byte)')');
                break;
        }
    }

    /// <summary>An identifier of RFC 8474 in parentheses; the label opens them.</summary>
    public static void WriteObjectId(ResponseWriter output, ReadOnlySpan<byte> label, string id, ref bool isFirst)
    {
        Separate(output, ref isFirst);
        output.Write(label);
        output.Write(id);
        output.Write((byte)')');
    }

    /// <summary>An item whose octets lie ready.</summary>
    public static void WriteReady(ResponseWriter output, ReadOnlySpan<byte> label, ReadOnlySpan<byte> value, ref bool isFirst)
    {
        Separate(output, ref isFirst);
        output.Write(label);
        output.Write(value);
    }
}
