using System.Buffers;
using System.Text;

namespace MailPlus.Engine.Smtp.Wire;

/// <summary>A command line taken apart: verb and the rest. Pure.</summary>
/// <param name="Verb">The verb.</param>
/// <param name="Argument">What follows the verb and its space, trailing white space cut.</param>
public readonly record struct SmtpLine(SmtpVerb Verb, string Argument)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly SearchValues<byte> Controls = SearchValues.Create(
        [.. Enumerable.Range(0, 32).Where(c => c != '\t').Select(c => (byte)c), 127]);

    /// <summary>True when a byte of the line is a control or the line is not UTF-8: it is no command whatever its verb.</summary>
    public bool IsMalformed { get; private init; }

    /// <summary>Reads a line without its CRLF.</summary>
    public static SmtpLine Parse(in ReadOnlySequence<byte> line)
    {
        if (line.IsSingleSegment)
        {
            return Parse(line.FirstSpan);
        }

        var rented = ArrayPool<byte>.Shared.Rent((int)line.Length);
        try
        {
            line.CopyTo(rented);
            return Parse(rented.AsSpan(0, (int)line.Length));
        }
        finally
        {
            rented.AsSpan(0, (int)line.Length).Clear(); // it may have been AUTH
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>Reads a line without its CRLF.</summary>
    public static SmtpLine Parse(ReadOnlySpan<byte> line)
    {
        line = line.TrimEnd(" \t"u8);
        if (line.ContainsAny(Controls))
        {
            return new SmtpLine(SmtpVerb.Unknown, "") { IsMalformed = true };
        }

        var space = line.IndexOfAny(" \t"u8);
        var word = space < 0 ? line : line[..space];
        var verb = FindVerb(word);
        if (space < 0 || verb == SmtpVerb.Unknown)
        {
            return new SmtpLine(verb, "");
        }

        var rest = line[(space + 1)..].TrimStart(" \t"u8);
        if (Ascii.IsValid(rest))
        {
            return new SmtpLine(verb, Encoding.ASCII.GetString(rest));
        }

        try
        {
            return new SmtpLine(verb, Strict.GetString(rest));
        }
        catch (DecoderFallbackException)
        {
            return new SmtpLine(verb, "") { IsMalformed = true };
        }
    }

    private static SmtpVerb FindVerb(ReadOnlySpan<byte> word)
    {
        Span<byte> upper = stackalloc byte[8];
        if (word.Length is < 3 or > 8 || Ascii.ToUpper(word, upper, out var length) != OperationStatus.Done)
        {
            return SmtpVerb.Unknown;
        }

        upper = upper[..length];
        return upper switch
        {
            _ when upper.SequenceEqual("RCPT"u8) => SmtpVerb.Rcpt,
            _ when upper.SequenceEqual("MAIL"u8) => SmtpVerb.Mail,
            _ when upper.SequenceEqual("DATA"u8) => SmtpVerb.Data,
            _ when upper.SequenceEqual("BDAT"u8) => SmtpVerb.Bdat,
            _ when upper.SequenceEqual("EHLO"u8) => SmtpVerb.Ehlo,
            _ when upper.SequenceEqual("HELO"u8) => SmtpVerb.Helo,
            _ when upper.SequenceEqual("QUIT"u8) => SmtpVerb.Quit,
            _ when upper.SequenceEqual("RSET"u8) => SmtpVerb.Rset,
            _ when upper.SequenceEqual("NOOP"u8) => SmtpVerb.Noop,
            _ when upper.SequenceEqual("STARTTLS"u8) => SmtpVerb.StartTls,
            _ when upper.SequenceEqual("AUTH"u8) => SmtpVerb.Auth,
            _ when upper.SequenceEqual("VRFY"u8) => SmtpVerb.Vrfy,
            _ when upper.SequenceEqual("EXPN"u8) => SmtpVerb.Expn,
            _ when upper.SequenceEqual("HELP"u8) => SmtpVerb.Help,
            _ when upper.SequenceEqual("ETRN"u8) => SmtpVerb.Etrn,
            _ when upper.SequenceEqual("XCLIENT"u8) => SmtpVerb.XClient,
            _ when upper.SequenceEqual("GET"u8) || upper.SequenceEqual("POST"u8) || upper.SequenceEqual("PUT"u8) || upper.SequenceEqual("HEAD"u8)
                || upper.SequenceEqual("OPTIONS"u8) || upper.SequenceEqual("CONNECT"u8) || upper.SequenceEqual("DELETE"u8) || upper.SequenceEqual("PRI"u8) => SmtpVerb.Http,
            _ => SmtpVerb.Unknown,
        };
    }
}
