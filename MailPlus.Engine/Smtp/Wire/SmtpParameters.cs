using System.Globalization;
using System.Text;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Smtp.Wire;

/// <summary>What is wrong with a parameter.</summary>
public enum ParameterFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Known, with a value it cannot have, or given twice: 501 5.5.4.</summary>
    BadValue,

    /// <summary>Not known here: 555 5.5.4.</summary>
    Unknown,
}

/// <summary>ESMTP parameters of MAIL (RFC 1870, 3030, 6152, 6531, 3461, 4954, 2852, 4865, 6710, 8689). Pure.</summary>
public sealed record MailParameters
{
    /// <summary>SIZE=, octets; null when absent.</summary>
    public long? Size { get; private set; }

    /// <summary>BODY=8BITMIME.</summary>
    public bool EightBitMime { get; private set; }

    /// <summary>BODY=BINARYMIME (RFC 3030 3): the content has no lines and comes by BDAT.</summary>
    public bool BinaryMime { get; private set; }

    /// <summary>SMTPUTF8.</summary>
    public bool SmtpUtf8 { get; private set; }

    /// <summary>RET=.</summary>
    public DsnReturn Return { get; private set; }

    /// <summary>ENVID=, xtext decoded.</summary>
    public string? EnvelopeId { get; private set; }

    /// <summary>HOLDFOR=, null when absent.</summary>
    public TimeSpan? HoldFor { get; private set; }

    /// <summary>HOLDUNTIL=, null when absent.</summary>
    public Instant? HoldUntil { get; private set; }

    /// <summary>BY=, null when absent.</summary>
    public (TimeSpan Time, DeliverByMode Mode, bool Traces)? By { get; private set; }

    /// <summary>MT-PRIORITY=, null when absent.</summary>
    public int? Priority { get; private set; }

    /// <summary>REQUIRETLS.</summary>
    public bool RequiresTls { get; private set; }

    /// <summary>Something only signed-in submitters may ask for (mail-rules 39).</summary>
    public bool IsForSubmission => HoldFor is not null || HoldUntil is not null || Priority is not null;

    /// <summary>When, by when and how urgently, from the moment MAIL came.</summary>
    public DeliveryTerms Terms(Instant now) => !IsForSubmission && By is null && !RequiresTls ? DeliveryTerms.None : new DeliveryTerms
    {
        HoldUntil = HoldFor is { } span ? now.Plus(span) : HoldUntil,
        DeliverBy = By is { } by ? now.Plus(by.Time) : null,
        Mode = By?.Mode ?? DeliverByMode.None,
        Traces = By?.Traces ?? false,
        Priority = Priority ?? 0,
        RequiresTls = RequiresTls,
    };

    /// <summary>Reads what follows the path.</summary>
    public static ParameterFault Parse(string text, out MailParameters parameters)
    {
        parameters = new MailParameters();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, value) in ParameterText.Split(text))
        {
            var fault = seen.Add(name) ? parameters.Take(name, value) : ParameterFault.BadValue;
            if (fault != ParameterFault.None)
            {
                return fault;
            }
        }

        return ParameterFault.None;
    }

    private ParameterFault Take(string name, string? value)
    {
        switch (name)
        {
            case "SIZE":
                var isNumber = value is { Length: <= 20 } && long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && (Size = size) >= 0;
                return isNumber ? ParameterFault.None : ParameterFault.BadValue;
            case "BODY":
                EightBitMime = string.Equals(value, "8BITMIME", StringComparison.OrdinalIgnoreCase);
                BinaryMime = string.Equals(value, "BINARYMIME", StringComparison.OrdinalIgnoreCase);
                return EightBitMime || BinaryMime || string.Equals(value, "7BIT", StringComparison.OrdinalIgnoreCase) ? ParameterFault.None : ParameterFault.BadValue;
            case "SMTPUTF8":
                SmtpUtf8 = true;
                return value is null ? ParameterFault.None : ParameterFault.BadValue;
            case "RET":
                Return = value?.ToUpperInvariant() switch { "FULL" => DsnReturn.Full, "HDRS" => DsnReturn.Headers, _ => DsnReturn.Unspecified };
                return Return == DsnReturn.Unspecified ? ParameterFault.BadValue : ParameterFault.None;
            case "ENVID":
                // RFC 3461 4.4: at most 100 characters.
                EnvelopeId = value is { Length: > 0 and <= 100 } ? ParameterText.DecodeXtext(value) : null;
                return EnvelopeId is null ? ParameterFault.BadValue : ParameterFault.None;
            case "AUTH":
                // RFC 4954 5: read and not believed.
                return value is { Length: > 0 and <= 500 } ? ParameterFault.None : ParameterFault.BadValue;
            case "HOLDFOR":
                // RFC 4865 4.2: one hold parameter at most.
                HoldFor = HoldUntil is null ? TermParameters.HoldFor(value) : null;
                return HoldFor is null ? ParameterFault.BadValue : ParameterFault.None;
            case "HOLDUNTIL":
                HoldUntil = HoldFor is null ? TermParameters.HoldUntil(value) : null;
                return HoldUntil is null ? ParameterFault.BadValue : ParameterFault.None;
            case "BY":
                By = TermParameters.By(value);
                return By is null ? ParameterFault.BadValue : ParameterFault.None;
            case "MT-PRIORITY":
                Priority = TermParameters.Priority(value);
                return Priority is null ? ParameterFault.BadValue : ParameterFault.None;
            case "REQUIRETLS":
                RequiresTls = true;
                return value is null ? ParameterFault.None : ParameterFault.BadValue;
            default:
                return ParameterFault.Unknown;
        }
    }
}

/// <summary>ESMTP parameters of RCPT (RFC 3461). Pure.</summary>
public sealed record RcptParameters
{
    /// <summary>NOTIFY=.</summary>
    public DsnNotify Notify { get; private set; }

    /// <summary>ORCPT= as type;decoded address.</summary>
    public string? OriginalRecipient { get; private set; }

    /// <summary>Reads what follows the path.</summary>
    public static ParameterFault Parse(string text, out RcptParameters parameters)
    {
        parameters = new RcptParameters();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, value) in ParameterText.Split(text))
        {
            var fault = !seen.Add(name) ? ParameterFault.BadValue : name switch
            {
                "NOTIFY" => parameters.TakeNotify(value),
                "ORCPT" => parameters.TakeOriginal(value),
                _ => ParameterFault.Unknown,
            };
            if (fault != ParameterFault.None)
            {
                return fault;
            }
        }

        return ParameterFault.None;
    }

    private ParameterFault TakeNotify(string? value)
    {
        foreach (var word in (value ?? "").Split(','))
        {
            var flag = word.ToUpperInvariant() switch
            {
                "NEVER" => DsnNotify.Never,
                "SUCCESS" => DsnNotify.Success,
                "FAILURE" => DsnNotify.Failure,
                "DELAY" => DsnNotify.Delay,
                _ => DsnNotify.Unspecified,
            };
            if (flag == DsnNotify.Unspecified)
            {
                return ParameterFault.BadValue;
            }

            Notify |= flag;
        }

        // RFC 3461 4.1: NEVER stands alone.
        return Notify.HasFlag(DsnNotify.Never) && Notify != DsnNotify.Never ? ParameterFault.BadValue : ParameterFault.None;
    }

    private ParameterFault TakeOriginal(string? value)
    {
        // RFC 3461 4.2: addr-type ";" xtext, at most 500 characters.
        var semicolon = value?.IndexOf(';', StringComparison.Ordinal) ?? -1;
        if (semicolon <= 0 || value!.Length > 500 || !value.AsSpan(0, semicolon).ContainsOnlyAtomCharacters())
        {
            return ParameterFault.BadValue;
        }

        var type = value[..semicolon];
        // RFC 6533 3: the utf-8 type may come unencoded under SMTPUTF8.
        var address = type.Equals("utf-8", StringComparison.OrdinalIgnoreCase) ? value[(semicolon + 1)..] : ParameterText.DecodeXtext(value[(semicolon + 1)..]);
        OriginalRecipient = address is null ? null : $"{type};{address}";
        return address is null ? ParameterFault.BadValue : ParameterFault.None;
    }
}

/// <summary>The grammar parameters share.</summary>
internal static class ParameterText
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Keywords in upper case with their values, null where there is no '='.</summary>
    public static IEnumerable<(string Name, string? Value)> Split(string text)
    {
        foreach (var word in text.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
        {
            var equal = word.IndexOf('=', StringComparison.Ordinal);
            yield return equal < 0 ? (word.ToUpperInvariant(), null) : (word[..equal].ToUpperInvariant(), word[(equal + 1)..]);
        }
    }

    /// <summary>Decodes xtext (RFC 3461 4); null when malformed or when it hides control characters.</summary>
    public static string? DecodeXtext(string text)
    {
        if (text.Any(c => c is <= ' ' or > '~' or '='))
        {
            return null;
        }

        if (!text.Contains('+', StringComparison.Ordinal))
        {
            return text;
        }

        var octets = new byte[text.Length];
        var length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '+')
            {
                octets[length++] = (byte)text[i];
            }
            else if (i + 2 < text.Length && byte.TryParse(text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var octet) && octet >= 32 && octet != 127)
            {
                octets[length++] = octet;
                i += 2;
            }
            else
            {
                return null;
            }
        }

        try
        {
            return Strict.GetString(octets, 0, length);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    public static bool ContainsOnlyAtomCharacters(this ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '.' or '_'))
            {
                return false;
            }
        }

        return true;
    }
}
