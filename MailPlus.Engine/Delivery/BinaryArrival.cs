using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Smtp.Wire;

namespace MailPlus.Engine.Delivery;

/// <summary>
/// Brings a message that came as BINARYMIME (RFC 3030 3) into the form everything behind acceptance knows: lines that end with CRLF. Hardly any next hop takes binary
/// content, and a CR or LF that stands alone is read differently by different readers.
/// </summary>
internal static class BinaryArrival
{
    /// <summary>The message with its binary parts in base64; the caller disposes it.</summary>
    /// <exception cref="RefusedException">MessageRefused: there are bare line ends outside parts declared as binary (5.6.3 of RFC 3463 3.7).</exception>
    public static async Task<MessageContent> ToLinesAsync(MessageContent content, SpoolFolder folder, CancellationToken cancellationToken)
    {
        await using var spool = folder.Open();
        var lines = new LineEndCheck();
        await new BinaryForm(content, StructureReader.Read(content)).WriteForLinesAsync(
            async (octets, token) =>
            {
                lines.Read(octets.Span);
                octets.Span.CopyTo(spool.GetSpan(octets.Length));
                spool.Advance(octets.Length);
                await spool.DrainAsync(token);
                return !lines.HasBareLineEnd;
            },
            cancellationToken);
        lines.Finish();
        return lines.HasBareLineEnd
            ? throw new RefusedException(new Refusal(RefusalKind.MessageRefused, "BareLineEndsOutside") { EnhancedStatus = "5.6.3" })
            : await spool.FinishAsync(cancellationToken);
    }
}
