namespace MailPlus.Engine.Imap.Wire;

/// <summary>The literal at the end of what was read so far.</summary>
/// <param name="Length">Octets announced.</param>
/// <param name="IsSynchronising">The peer waits for "+" before it sends them.</param>
internal readonly record struct LiteralMark(long Length, bool IsSynchronising)
{
    /// <summary>A literal8, which may hold NUL (RFC 3516).</summary>
    public bool IsBinary { get; init; }
}

/// <summary>One command as it came in: tag, name, and the arguments with their literals, valid until the next command is read.</summary>
/// <param name="Tag">The tag; "*" when there was none that could be answered.</param>
/// <param name="Name">Name in capitals; UID commands are "UID FETCH" and so on.</param>
/// <param name="Arguments">What follows the name, its leading space included; a literal stands as <c>{n}CRLF</c> and its octets.</param>
internal readonly record struct CommandText(string Tag, string Name, ReadOnlyMemory<byte> Arguments)
{
    /// <summary>The first literal of what APPEND or REPLACE stores, which is not in <see cref="Arguments"/> but still to be read; null for everything else.</summary>
    public LiteralMark? Message { get; init; }

    /// <summary>Mailbox names are UTF-8.</summary>
    public bool HasUtf8Names { get; init; }

    /// <summary>SEARCH may not name a charset: all is UTF-8 (RFC 6855 3).</summary>
    public bool ForbidsCharset { get; init; }

    /// <summary>A reader over the arguments, standing before the first space.</summary>
    public ArgumentReader Read() => new(Arguments.Span, HasUtf8Names);

    /// <summary>The command takes no arguments.</summary>
    public void NoArguments()
    {
        if (!Arguments.IsEmpty)
        {
            throw new SyntaxException($"{Name} takes no arguments");
        }
    }
}
