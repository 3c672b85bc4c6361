using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace MailPlus.Engine.MailAuth.Spf;

/// <summary>
/// The language of policies (RFC 7208 12). Pure. A fault anywhere makes the whole record a permanent error, whatever an earlier mechanism would say (4.6).
/// </summary>
internal static class SpfRecordReader
{
    private const string Version = "v=spf1";

    /// <summary>True for a TXT record that claims to be a policy (RFC 7208 4.5): the version ends the record or is followed by a space.</summary>
    public static bool IsPolicy(string text) =>
        text.StartsWith(Version, StringComparison.OrdinalIgnoreCase) && (text.Length == Version.Length || text[Version.Length] == ' ');

    /// <summary>Reads a policy.</summary>
    /// <param name="text">The record.</param>
    /// <param name="record">The policy.</param>
    /// <param name="fault">What is wrong with it, for logs.</param>
    public static bool TryRead(string text, [NotNullWhen(true)] out SpfRecord? record, out string fault)
    {
        record = null;
        fault = "";
        var directives = new List<SpfDirective>();
        SpfMacroString? redirect = null;
        SpfMacroString? explanation = null;
        foreach (var term in text[Version.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var end = term.AsSpan().IndexOfAny(":/=");
            if (end >= 0 && term[end] == '=')
            {
                if (!TryReadModifier(term[..end], term[(end + 1)..], ref redirect, ref explanation))
                {
                    fault = term;
                    return false;
                }
            }
            else if (ReadDirective(term) is { } directive)
            {
                directives.Add(directive);
            }
            else
            {
                fault = term;
                return false;
            }
        }

        record = new SpfRecord(directives) { Redirect = redirect, Explanation = explanation };
        return true;
    }

    private static bool TryReadModifier(string name, string value, ref SpfMacroString? redirect, ref SpfMacroString? explanation)
    {
        if (name.Equals("redirect", StringComparison.OrdinalIgnoreCase))
        {
            return redirect is null && SpfMacroString.TryRead(value, SpfMacroUse.DomainSpec, out redirect); // 6: at most once
        }

        if (name.Equals("exp", StringComparison.OrdinalIgnoreCase))
        {
            return explanation is null && SpfMacroString.TryRead(value, SpfMacroUse.DomainSpec, out explanation);
        }

        return IsName(name) && SpfMacroString.TryRead(value, SpfMacroUse.Text, out _); // 6: unknown modifiers are ignored, if they are well-formed
    }

    private static bool IsName(string name) =>
        name.Length > 0 && char.IsAsciiLetter(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    private static SpfDirective? ReadDirective(string term)
    {
        AuthResult? qualifier = term[0] switch
        {
            '+' => AuthResult.Pass,
            '-' => AuthResult.Fail,
            '~' => AuthResult.SoftFail,
            '?' => AuthResult.Neutral,
            _ => null,
        };
        var bare = qualifier is null ? term : term[1..];
        var end = bare.AsSpan().IndexOfAny(":/");
        var name = end < 0 ? bare : bare[..end];
        var rest = end < 0 ? "" : bare[end..];
        SpfDirective? Made(SpfMechanism mechanism) => new(mechanism, qualifier ?? AuthResult.Pass) { Text = term };
        return name.ToLowerInvariant() switch
        {
            "all" when rest.Length == 0 => Made(SpfMechanism.All),
            "include" => WithDomain(Made(SpfMechanism.Include)!, rest),
            "exists" => WithDomain(Made(SpfMechanism.Exists)!, rest),
            "ptr" => rest.Length == 0 ? Made(SpfMechanism.Ptr) : WithDomain(Made(SpfMechanism.Ptr)!, rest),
            "a" => WithDomainAndPrefix(Made(SpfMechanism.A)!, rest),
            "mx" => WithDomainAndPrefix(Made(SpfMechanism.Mx)!, rest),
            "ip4" => WithNetwork(Made(SpfMechanism.Ip4)!, rest, AddressFamily.InterNetwork),
            "ip6" => WithNetwork(Made(SpfMechanism.Ip6)!, rest, AddressFamily.InterNetworkV6),
            _ => null,
        };
    }

    private static SpfDirective? WithDomain(SpfDirective directive, string rest) =>
        rest.StartsWith(':') && SpfMacroString.TryRead(rest[1..], SpfMacroUse.DomainSpec, out var domain) ? directive with { Domain = domain } : null;

    private static SpfDirective? WithDomainAndPrefix(SpfDirective directive, string rest)
    {
        // The prefix lengths are what of "/" and digits ends the term; a slash may also stand inside a macro, but that ends with a brace.
        var start = rest.Length;
        for (var at = rest.Length - 1; at >= 0 && (rest[at] == '/' || char.IsAsciiDigit(rest[at])); at--)
        {
            start = rest[at] == '/' ? at : start;
        }

        var domain = rest[..start];
        if (!TryReadPrefixes(rest[start..], ref directive))
        {
            return null;
        }

        return domain.Length == 0 ? directive : WithDomain(directive, domain);
    }

    /// <summary>dual-cidr-length: "/" for IPv4, "//" for IPv6.</summary>
    private static bool TryReadPrefixes(string text, ref SpfDirective directive)
    {
        var six = text.IndexOf("//", StringComparison.Ordinal);
        var four = six < 0 ? text : text[..six];
        if (four.Length > 0)
        {
            if (!TryReadLength(four[1..], 32, out var length))
            {
                return false;
            }

            directive = directive with { Prefix4 = length };
        }

        if (six < 0)
        {
            return true;
        }

        var read = TryReadLength(text[(six + 2)..], 128, out var length6);
        directive = directive with { Prefix6 = length6 };
        return read;
    }

    private static bool TryReadLength(string text, int maximum, out int length)
    {
        length = 0;
        return text.Length is > 0 and <= 3 && (text == "0" || text[0] != '0') && text.All(char.IsAsciiDigit)
            && int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out length) && length <= maximum;
    }

    private static SpfDirective? WithNetwork(SpfDirective directive, string rest, AddressFamily family)
    {
        if (!rest.StartsWith(':'))
        {
            return null;
        }

        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var text = slash < 0 ? rest[1..] : rest[1..slash];
        var maximum = family == AddressFamily.InterNetwork ? 32 : 128;
        var length = maximum;
        if ((slash >= 0 && !TryReadLength(rest[(slash + 1)..], maximum, out length)) || !TryReadAddress(text, family, out var address))
        {
            return null;
        }

        return directive with { Network = SpfNetwork.Of(address, length) };
    }

    private static bool TryReadAddress(string text, AddressFamily family, [NotNullWhen(true)] out IPAddress? address)
    {
        address = null;
        var shaped = family == AddressFamily.InterNetwork
            ? text.Split('.') is { Length: 4 } parts && parts.All(part => part.Length is > 0 and <= 3 && part.All(char.IsAsciiDigit) && (part.Length == 1 || part[0] != '0'))
            : text.Contains(':', StringComparison.Ordinal) && text.All(c => char.IsAsciiHexDigit(c) || c is ':' or '.');
        return shaped && IPAddress.TryParse(text, out address) && address.AddressFamily == family;
    }
}

/// <summary>Networks whose address may have host bits.</summary>
internal static class SpfNetwork
{
    /// <summary>The network an address lies in.</summary>
    public static IPNetwork Of(IPAddress address, int prefix)
    {
        var octets = address.GetAddressBytes();
        for (var i = 0; i < octets.Length; i++)
        {
            var kept = Math.Clamp(prefix - i * 8, 0, 8);
            octets[i] &= (byte)(0xFF << (8 - kept));
        }

        return new IPNetwork(new IPAddress(octets), prefix);
    }
}
