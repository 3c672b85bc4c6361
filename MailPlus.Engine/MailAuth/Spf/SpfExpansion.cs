using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MailPlus.Engine.MailAuth.Spf;

/// <summary>Macro expansion (RFC 7208 7). Pure.</summary>
internal static class SpfExpansion
{
    /// <summary>The text of a macro string.</summary>
    /// <param name="macro">What to expand.</param>
    /// <param name="subject">Client and sender.</param>
    /// <param name="domain">Current domain.</param>
    /// <param name="validated">Validated name of the client, for the macro p.</param>
    public static string Expand(SpfMacroString macro, SpfSubject subject, string domain, string validated)
    {
        var text = new StringBuilder();
        foreach (var piece in macro.Pieces)
        {
            if (piece.Letter == '\0')
            {
                text.Append(piece.Literal);
                continue;
            }

            var value = Transform(Value(piece.Letter, subject, domain, validated), piece);
            text.Append(piece.Escaped ? Uri.EscapeDataString(value) : value);
        }

        return text.ToString();
    }

    private static string Value(char letter, SpfSubject subject, string domain, string validated) => letter switch
    {
        's' => $"{subject.Local}@{subject.SenderDomain}",
        'l' => subject.Local,
        'o' => subject.SenderDomain,
        'd' => domain,
        'i' => subject.Client.AddressFamily == AddressFamily.InterNetwork ? subject.Client.ToString() : Nibbles(subject.Client),
        'p' => validated,
        'v' => subject.Client.AddressFamily == AddressFamily.InterNetwork ? "in-addr" : "ip6",
        'h' => subject.Helo,
        'c' => subject.Client.ToString(),
        'r' => subject.Receiver.Length > 0 ? subject.Receiver : "unknown",
        _ => subject.Time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
    };

    private static string Transform(string value, SpfMacroPiece piece)
    {
        if (piece is { Parts: 0, Reversed: false, Delimiters: "." })
        {
            return value;
        }

        var parts = value.Split(piece.Delimiters.ToCharArray());
        if (piece.Reversed)
        {
            Array.Reverse(parts);
        }

        return string.Join('.', piece.Parts > 0 && piece.Parts < parts.Length ? parts[^piece.Parts..] : parts);
    }

    private static string Nibbles(IPAddress address) => string.Join('.', Convert.ToHexString(address.GetAddressBytes()).AsEnumerable());
}
