using System.Globalization;
using System.Text;

namespace MailPlus.Engine.Smtp.Client;

/// <summary>xtext of RFC 3461 4: the form of DSN parameter values.</summary>
internal static class XText
{
    /// <summary>Encodes; octets outside printable ASCII, '+' and '=' become +HH.</summary>
    public static string Encode(string text)
    {
        var builder = new StringBuilder(text.Length);
        foreach (var octet in Encoding.UTF8.GetBytes(text))
        {
            if (octet is > 32 and < 127 and not (byte)'+' and not (byte)'=')
            {
                builder.Append((char)octet);
            }
            else
            {
                builder.Append(CultureInfo.InvariantCulture, $"+{octet:X2}");
            }
        }

        return builder.ToString();
    }
}
