using System.Buffers;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Pop3.Server;
using MailPlus.Engine.Pop3.Wire;
using MailPlus.Engine.Smtp.Client;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Pop3.Commands;

/// <summary>A message, or its top, as a multi-line answer: streamed from the store, dots doubled, line ends made CRLF (RFC 1939 3).</summary>
internal static class MessageAnswer
{
    private const int PieceOctets = 32 * 1024;

    /// <summary>A header block up to here is looked at for UTF-8; a longer one goes out as it is.</summary>
    private const int LargestHeader = 1024 * 1024;

    public static async ValueTask<Pop3Reply?> WriteAsync(Pop3Session session, int index, TopLines? top, CancellationToken cancellationToken)
    {
        if (index < 0)
        {
            return Pop3Reply.Error("NoSuchMessage");
        }

        await using var content = await session.Maildrop.OpenAsync(index, cancellationToken);
        if (content is null)
        {
            return Pop3Reply.Error("MessageGone", "SYS/PERM"); // expunged by another client since the session began
        }

        await using var stream = content.OpenRead();
        var header = session.IsUtf8 ? null : await DowngradedAsync(content, stream, cancellationToken);
        session.Write(top is null ? Pop3Reply.Ok("Message", Pop3Session.Number(content.Length)) : Pop3Reply.Ok("TopFollows"));
        var output = session.Connection.Output;
        var stuffing = new DotStuffing();
        if (header is not null)
        {
            stuffing.Write(header.AsSpan(0, top?.Take(header) ?? header.Length), output);
        }

        var piece = ArrayPool<byte>.Shared.Rent(PieceOctets);
        try
        {
            for (int read; top is not { IsDone: true } && (read = await stream.ReadAsync(piece, cancellationToken)) > 0;)
            {
                stuffing.Write(piece.AsSpan(0, top?.Take(piece.AsSpan(0, read)) ?? read), output);
                await session.FlushIfFullAsync(cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }

        stuffing.End(output);
        return null;
    }

    /// <summary>The header block in ASCII when it holds UTF-8, the stream left after it; null, and the stream at its start, when there is nothing to do.</summary>
    private static async ValueTask<byte[]?> DowngradedAsync(StoredContent content, Stream stream, CancellationToken cancellationToken)
    {
        if (content.HeaderLength is 0 or > LargestHeader)
        {
            return null;
        }

        var block = ArrayPool<byte>.Shared.Rent(content.HeaderLength);
        try
        {
            await stream.ReadExactlyAsync(block.AsMemory(0, content.HeaderLength), cancellationToken);
            if (HeaderDowngrade.IsNeeded(block.AsSpan(0, content.HeaderLength)))
            {
                return HeaderDowngrade.Apply(block.AsSpan(0, content.HeaderLength));
            }

            stream.Position = 0;
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }
}
