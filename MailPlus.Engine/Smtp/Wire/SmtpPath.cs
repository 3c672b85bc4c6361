using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Smtp.Wire;

/// <summary>What stands between the angle brackets.</summary>
public enum SmtpPathKind
{
    /// <summary>Not a path.</summary>
    Malformed,

    /// <summary><c>&lt;&gt;</c>.</summary>
    Null,

    /// <summary><c>&lt;Postmaster&gt;</c> without domain (RFC 5321 4.1.1.3).</summary>
    Postmaster,

    /// <summary>A mailbox.</summary>
    Mailbox,

    /// <summary>A mailbox at an address literal: <c>&lt;user@[192.0.2.1]&gt;</c>.</summary>
    AtLiteral,
}

/// <summary>A reverse- or forward-path (RFC 5321 4.1.2). Pure.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Address">The mailbox for Mailbox.</param>
/// <param name="Rest">What follows the path: the parameters.</param>
public readonly record struct SmtpPath(SmtpPathKind Kind, EmailAddress? Address, string Rest)
{
    private static readonly SmtpPath None = new(SmtpPathKind.Malformed, null, "");

    /// <summary>True when characters beyond ASCII stand in it, so that SMTPUTF8 is needed (RFC 6531 3.3).</summary>
    public bool NeedsUtf8 { get; private init; }

    /// <summary>Reads <c>FROM:&lt;path&gt; parameters</c> or <c>TO:…</c>. A source route is accepted and dropped (RFC 5321 C).</summary>
    public static SmtpPath Parse(string argument, string keyword)
    {
        if (!argument.StartsWith(keyword, StringComparison.OrdinalIgnoreCase))
        {
            return None;
        }

        // Spaces after the colon are wrong but common; every large server takes them.
        var text = argument.AsSpan(keyword.Length).TrimStart(" \t");
        if (text.IsEmpty || text[0] != '<')
        {
            return None;
        }

        var end = FindEnd(text);
        if (end < 0 || end + 1 < text.Length && text[end + 1] is not (' ' or '\t'))
        {
            return None;
        }

        var rest = text[(end + 1)..].Trim(" \t").ToString();
        var inside = text[1..end];
        if (inside.IsEmpty)
        {
            return new SmtpPath(SmtpPathKind.Null, null, rest);
        }

        if (inside[0] == '@')
        {
            var colon = inside.IndexOf(':');
            if (colon < 0)
            {
                return None;
            }

            inside = inside[(colon + 1)..];
        }

        return ReadMailbox(inside.ToString(), rest);
    }

    private static SmtpPath ReadMailbox(string mailbox, string rest)
    {
        if (mailbox.Equals("postmaster", StringComparison.OrdinalIgnoreCase))
        {
            return new SmtpPath(SmtpPathKind.Postmaster, null, rest);
        }

        if (EmailAddress.TryParse(mailbox, out var address))
        {
            return new SmtpPath(SmtpPathKind.Mailbox, address, rest) { NeedsUtf8 = !System.Text.Ascii.IsValid(mailbox) };
        }

        var at = mailbox.LastIndexOf("@[", StringComparison.Ordinal);
        return at > 0 && mailbox.EndsWith(']') ? new SmtpPath(SmtpPathKind.AtLiteral, null, rest) : None;
    }

    /// <summary>The closing bracket: a '&gt;' inside a quoted local part does not count.</summary>
    private static int FindEnd(ReadOnlySpan<char> text)
    {
        var quoted = false;
        for (var i = 1; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '\\' when quoted:
                    i++;
                    break;
                case '"':
                    quoted = !quoted;
                    break;
                case '>' when !quoted:
                    return i;
            }
        }

        return -1;
    }
}
