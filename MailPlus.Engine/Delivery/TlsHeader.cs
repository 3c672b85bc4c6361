using System.Text;
using MailPlus.Engine.Mime;

namespace MailPlus.Engine.Delivery;

/// <summary>TLS-Required: No (RFC 8689 5): the author wants delivery even where TLS goes wrong. REQUIRETLS in the envelope is the stronger word.</summary>
internal static class TlsHeader
{
    /// <summary>The field, as reports about such a message carry it.</summary>
    public const string Name = "TLS-Required", Waiver = "No";

    /// <summary>The message with what its header says of TLS in its envelope's terms.</summary>
    public static IncomingMessage Apply(IncomingMessage message, HeaderFields header)
    {
        var terms = message.Envelope.Terms;
        return terms.RequiresTls || terms.WaivesTls || !IsWaived(header) ? message : message with { Envelope = message.Envelope with { Terms = terms with { WaivesTls = true } } };
    }

    private static bool IsWaived(HeaderFields header)
    {
        var found = 0;
        var waived = false;
        foreach (var field in header.Fields)
        {
            if (header.IsNamed(field, "TLS-Required"u8))
            {
                found++;
                waived = Encoding.Latin1.GetString(header.Value(field).Span).Trim().Equals(Waiver, StringComparison.OrdinalIgnoreCase);
            }
        }

        return found == 1 && waived; // RFC 8689 5: one field; several say nothing
    }
}
