using System.Globalization;
using System.Net;
using System.Net.Sockets;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Smtp.Wire;

/// <summary>What XCLIENT says of the client a proxy stands before. Absent attributes leave what was known. Pure.</summary>
public sealed record XClientAttributes
{
    /// <summary>What EHLO announces.</summary>
    public const string Names = "NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT";

    private const int LongestName = 255;
    private const int LongestLogin = 320;
    private static readonly string[] Unavailable = ["[UNAVAILABLE]", "[TEMPUNAVAIL]"];

    /// <summary>NAME: the client's name in DNS, "" when it has none.</summary>
    public string? Name { get; private set; }

    /// <summary>ADDR; 0.0.0.0 when the proxy does not know it.</summary>
    public IPAddress? Address { get; private set; }

    /// <summary>PORT.</summary>
    public int? Port { get; private set; }

    /// <summary>PROTO: true for ESMTP.</summary>
    public bool? IsExtended { get; private set; }

    /// <summary>HELO: what the client called itself.</summary>
    public string? Helo { get; private set; }

    /// <summary>LOGIN: who has signed in at the proxy, "" when nobody has.</summary>
    public string? Login { get; private set; }

    /// <summary>DESTADDR: what the client connected to.</summary>
    public IPAddress? Destination { get; private set; }

    /// <summary>DESTPORT.</summary>
    public int? DestinationPort { get; private set; }

    /// <summary>Reads the argument of the command; null when it is malformed.</summary>
    public static XClientAttributes? Parse(string text)
    {
        var found = new XClientAttributes();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, value) in ParameterText.Split(text))
        {
            if (!seen.Add(name) || value is not { Length: > 0 } || ParameterText.DecodeXtext(value) is not { } decoded
                || !found.Take(name, Unavailable.Contains(decoded, StringComparer.OrdinalIgnoreCase) ? "" : decoded))
            {
                return null;
            }
        }

        return seen.Count == 0 ? null : found;
    }

    private bool Take(string name, string value)
    {
        switch (name)
        {
            case "NAME":
                Name = value;
                return value.Length == 0 || value.Length <= LongestName && DomainName.TryParse(value.TrimEnd('.'), out _);
            case "ADDR":
                return (Address = ReadAddress(value)) is not null;
            case "PORT":
                return (Port = ReadPort(value)) is not null;
            case "PROTO":
                IsExtended = value.ToUpperInvariant() switch { "ESMTP" => true, "SMTP" => false, _ => null };
                return IsExtended is not null;
            case "HELO":
                Helo = value;
                return value.Length <= LongestName;
            case "LOGIN":
                Login = value;
                return value.Length <= LongestLogin;
            case "DESTADDR":
                return (Destination = ReadAddress(value)) is not null;
            case "DESTPORT":
                return (DestinationPort = ReadPort(value)) is not null;
            default:
                return false;
        }
    }

    private static IPAddress? ReadAddress(string text)
    {
        if (text.Length == 0)
        {
            return IPAddress.Any;
        }

        var isSix = text.StartsWith("IPV6:", StringComparison.OrdinalIgnoreCase);
        return IPAddress.TryParse(isSix ? text[5..] : text, out var address)
            && (isSix ? address.AddressFamily == AddressFamily.InterNetworkV6 && !text.Contains('%', StringComparison.Ordinal) : address.ToString() == text && address.AddressFamily == AddressFamily.InterNetwork) ? address : null;
    }

    private static int? ReadPort(string text) =>
        text.Length == 0 ? 0 : text.Length <= 5 && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= IPEndPoint.MaxPort ? port : null;
}
