using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Text;
using MailPlus.Engine.Mime;

namespace MailPlus.Engine.Imap.Wire;

/// <summary>The peer broke a limit in a way that leaves no way to go on: say BYE with this text and close.</summary>
internal sealed class HopelessPeerException(string text) : Exception(text);

/// <summary>What may be read.</summary>
/// <param name="Line">Octets of a command without its literals.</param>
/// <param name="Literal">Octets of one literal outside APPEND.</param>
/// <param name="Command">Octets of a command with its literals.</param>
internal sealed record CommandLimits(int Line, int Literal, int Command)
{
    /// <summary>Before somebody has signed in.</summary>
    public static CommandLimits Stranger { get; } = new(64 * 1024, 8 * 1024, 80 * 1024);

    /// <summary>After.</summary>
    public static CommandLimits Account { get; } = new(64 * 1024, 256 * 1024, 512 * 1024);
}

/// <summary>
/// Reads commands with their literals (RFC 3501 4.3, LITERAL+ RFC 7888) from a connection. The message literal of APPEND is left in the pipe for its command to
/// stream. Octets of a faulty command are consumed, so that the next one is read from its start.
/// </summary>
internal sealed class CommandReader(PipeReader input)
{
    /// <summary>Non-synchronising literals up to here are read over when they are too large; bigger ones end the connection.</summary>
    private const long MaxDrained = 16 * 1024 * 1024;

    private const int MaxTag = 256;

    private readonly ByteBuilder _text = new(1024);
    private LiteralMark? _coming; // What the peer will still send of the present command's messages, or would if it were told to.

    /// <summary>UTF8=ACCEPT is enabled: SEARCH may not name a charset.</summary>
    public bool ForbidsCharset { get; set; }

    /// <summary>Mailbox names come as UTF-8.</summary>
    public bool HasUtf8Names { get; set; }

    public CommandLimits Limits { get; set; } = CommandLimits.Stranger;

    /// <summary>Reads the next command; null when the peer has closed.</summary>
    /// <param name="goAhead">Sends and flushes a "+" line.</param>
    /// <param name="cancellationToken">Ends waiting.</param>
    /// <exception cref="SyntaxException">The command is no command; its text is consumed. <see cref="Tag"/> holds its tag.</exception>
    public async ValueTask<CommandText?> ReadAsync(Func<CancellationToken, ValueTask> goAhead, CancellationToken cancellationToken)
    {
        Tag = "*";
        _text.Clear();
        _coming = null;
        SyntaxException? fault = null;
        var lineOctets = 0;
        while (true)
        {
            var lineStart = _text.Length;
            var read = await ReadLineAsync(Limits.Line - lineOctets, cancellationToken);
            if (read is null)
            {
                return null;
            }

            lineOctets += read.Value.Length;
            Tag = lineStart == 0 ? ReadTag() : Tag;
            if (read.Value.IsTooLong)
            {
                throw new SyntaxException("Command line is too long") { Code = "TOOBIG" };
            }

            if (LiteralAtEnd(lineStart) is not { } literal)
            {
                return fault is null ? Split(null) : throw fault;
            }

            if (fault is null && IsMessageOfAppend(literal.MarkStart))
            {
                _text.Truncate(literal.MarkStart);
                _coming = literal.Mark;
                return Split(literal.Mark);
            }

            var mark = literal.Mark;
            if (fault is null && (mark.Length > Limits.Literal || _text.Length + mark.Length > Limits.Command))
            {
                fault = new SyntaxException("Literal is too large") { Code = "TOOBIG" };
            }

            if (fault is not null)
            {
                if (mark.IsSynchronising)
                {
                    throw fault; // it waits for "+" and will not send the octets
                }

                await DrainAsync(mark.Length, cancellationToken);
                continue;
            }

            if (mark.IsSynchronising)
            {
                await goAhead(cancellationToken);
            }

            _text.Append("\r\n"u8);
            if (!await ReadOctetsAsync((int)mark.Length, cancellationToken))
            {
                return null;
            }
        }
    }

    /// <summary>Completes when the peer has begun a command, or has closed. Nothing is taken.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        var result = await input.ReadAsync(cancellationToken);
        input.AdvanceTo(result.Buffer.Start, result.Buffer.Start);
    }

    /// <summary>The tag of the command being read, "*" while it is unknown.</summary>
    public string Tag { get; private set; } = "*";

    /// <summary>A bare line, for SASL answers and DONE; null when the peer has closed.</summary>
    public async ValueTask<byte[]?> ReadAnswerAsync(CancellationToken cancellationToken)
    {
        _text.Clear();
        var read = await ReadLineAsync(Limits.Line, cancellationToken);
        return read is null ? null : read.Value.IsTooLong ? throw new SyntaxException("Line is too long") : _text.ToArray();
    }

    /// <summary>Reads octets of a message literal piece by piece; false when the peer closed before the end.</summary>
    public async ValueTask<bool> CopyAsync(long length, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write, CancellationToken cancellationToken)
    {
        while (length > 0)
        {
            var result = await input.ReadAsync(cancellationToken);
            var buffer = result.Buffer.Length > length ? result.Buffer.Slice(0, length) : result.Buffer;
            length -= buffer.Length; // before advancing: its segments are reused from then on
            _coming = _coming is { } coming ? coming with { Length = length } : null; // taken even when what is done with it fails
            try
            {
                foreach (var piece in buffer)
                {
                    await write(piece, cancellationToken);
                }
            }
            finally
            {
                input.AdvanceTo(buffer.End);
            }

            if (length > 0 && result.IsCompleted)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Reads the octets of a message of APPEND, whose "+" the peer has when it waits for one; false when the peer closed before the end.</summary>
    public ValueTask<bool> CopyMessageAsync(LiteralMark message, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write, CancellationToken cancellationToken)
    {
        _coming = message with { IsSynchronising = false };
        return CopyAsync(message.Length, write, cancellationToken);
    }

    /// <summary>Reads over what the peer sends of the present command's messages though nobody asks for them any more, so that it is not taken for commands.</summary>
    /// <exception cref="HopelessPeerException">It is too much.</exception>
    public async ValueTask DropMessagesAsync(CancellationToken cancellationToken)
    {
        while (_coming is { IsSynchronising: false } coming)
        {
            await DrainAsync(coming.Length, cancellationToken);
            try
            {
                await ReadTailAsync(cancellationToken);
            }
            catch (SyntaxException)
            {
                // A line without end: it is read over, and what is answered has been decided.
            }
        }
    }

    /// <summary>Reads over octets the peer sends anyway.</summary>
    /// <exception cref="HopelessPeerException">There are too many.</exception>
    private async ValueTask DrainAsync(long length, CancellationToken cancellationToken)
    {
        if (length > MaxDrained)
        {
            throw new HopelessPeerException("Literal is too large");
        }

        await CopyAsync(length, static (_, _) => ValueTask.CompletedTask, cancellationToken);
    }

    /// <summary>The rest of the line after a message literal, and the literal at its end where there is one; null when the peer has closed.</summary>
    public async ValueTask<(ReadOnlyMemory<byte> Text, LiteralMark? Mark)?> ReadTailAsync(CancellationToken cancellationToken)
    {
        byte[]? line;
        try
        {
            line = await ReadAnswerAsync(cancellationToken);
        }
        finally
        {
            _coming = null; // also when the line was too long, which is read over
        }

        if (line is null)
        {
            return null;
        }

        var literal = LiteralAtEnd(0);
        _coming = literal?.Mark;
        return literal is { } found ? (line.AsMemory(0, found.MarkStart), found.Mark) : (line, null);
    }

    private static bool IsTagChar(byte c) => (ArgumentReader.IsAtomChar(c) || c == ']') && c != '+';

    private string ReadTag()
    {
        var text = _text.Written;
        var space = text.IndexOf((byte)' ');
        var tag = space < 0 ? text : text[..space];
        foreach (var c in tag)
        {
            if (!IsTagChar(c))
            {
                return "*";
            }
        }

        return tag.IsEmpty || tag.Length > 200 ? "*" : Encoding.ASCII.GetString(tag);
    }

    private CommandText Split(LiteralMark? message)
    {
        ReadOnlyMemory<byte> text = _text.ToArray();
        if (text.IsEmpty)
        {
            throw new SyntaxException("Empty line");
        }

        if (Tag == "*")
        {
            throw new SyntaxException("Invalid tag");
        }

        var rest = text.Length > Tag.Length ? text[(Tag.Length + 1)..] : default;
        var name = TakeName(ref rest);
        if (name == "UID" && rest.Length > 1)
        {
            rest = rest[1..];
            name = "UID " + TakeName(ref rest);
        }

        return new CommandText(Tag, name, rest) { Message = message, HasUtf8Names = HasUtf8Names, ForbidsCharset = ForbidsCharset };
    }

    private static string TakeName(ref ReadOnlyMemory<byte> rest)
    {
        var end = rest.Span.IndexOf((byte)' ');
        var name = end < 0 ? rest.Span : rest.Span[..end];
        if (name.IsEmpty || name.Length > 32 || name.IndexOfAnyExceptInRange((byte)'!', (byte)'~') >= 0)
        {
            throw new SyntaxException("Missing or invalid command");
        }

        var text = Encoding.ASCII.GetString(name).ToUpperInvariant();
        rest = end < 0 ? default : rest[end..];
        return text;
    }

    /// <summary>Whether the literal that starts here belongs to what an APPEND or REPLACE stores: command, mailbox and a space are already there.</summary>
    private bool IsMessageOfAppend(int markStart)
    {
        if (Tag == "*")
        {
            return false;
        }

        var text = _text.Written[Tag.Length..markStart];
        try
        {
            var reader = new ArgumentReader(text);
            reader.Space();
            if (reader.TryWord("UID"u8))
            {
                reader.Space();
            }

            if (reader.TryWord("REPLACE"u8))
            {
                reader.Space();
                reader.Sequence();
            }
            else if (!reader.TryWord("APPEND"u8))
            {
                return false;
            }

            reader.Space();
            reader.AString();
            return reader.TryTake((byte)' ');
        }
        catch (SyntaxException)
        {
            return false; // the literal is (part of) the mailbox name
        }
    }

    private (LiteralMark Mark, int MarkStart)? LiteralAtEnd(int lineStart)
    {
        var line = _text.Written[lineStart..];
        if (line.IsEmpty || line[^1] != '}')
        {
            return null;
        }

        var open = line.LastIndexOf((byte)'{');
        if (open < 0)
        {
            return null;
        }

        var inside = line[(open + 1)..^1];
        var isSynchronising = inside.IsEmpty || inside[^1] != '+';
        var digits = isSynchronising ? inside : inside[..^1];
        if (digits.IsEmpty || digits.IndexOfAnyExceptInRange((byte)'0', (byte)'9') >= 0)
        {
            return null;
        }

        // More digits than fit count as a literal without end.
        var length = Utf8Parser.TryParse(digits, out long value, out var used) && used == digits.Length ? value : long.MaxValue;
        var isBinary = open > 0 && line[open - 1] == '~' && (open == 1 || line[open - 2] is (byte)' ' or (byte)'(');
        return (new LiteralMark(length, isSynchronising) { IsBinary = isBinary }, lineStart + open - (isBinary ? 1 : 0));
    }

    /// <summary>Appends a line without its line end. A line over the limit is read over.</summary>
    private async ValueTask<(int Length, bool IsTooLong)?> ReadLineAsync(int limit, CancellationToken cancellationToken)
    {
        var length = 0;
        long skipped = 0;
        while (true)
        {
            var result = await input.ReadAsync(cancellationToken);
            var buffer = result.Buffer;
            var end = buffer.PositionOf((byte)'\n');
            var line = end is { } lineEnd ? buffer.Slice(0, lineEnd) : buffer;
            var fits = length + line.Length <= limit;
            if (fits)
            {
                foreach (var piece in line)
                {
                    _text.Append(piece.Span);
                }

                length += (int)line.Length;
            }
            else
            {
                // The tag at least is kept, for the answer.
                var kept = skipped == 0 && _text.Length < MaxTag ? line.Slice(0, Math.Min(line.Length, MaxTag)) : default;
                foreach (var piece in kept)
                {
                    _text.Append(piece.Span);
                }

                skipped += line.Length;
            }

            input.AdvanceTo(end is { } consumed ? buffer.GetPosition(1, consumed) : buffer.End);
            if (end is not null)
            {
                if (skipped == 0 && length > 0 && _text.Written[^1] == '\r')
                {
                    _text.Truncate(_text.Length - 1);
                }

                return (length, skipped > 0);
            }

            if (result.IsCompleted)
            {
                return null;
            }

            if (skipped > MaxDrained)
            {
                throw new HopelessPeerException("Line is too long");
            }
        }
    }

    private async ValueTask<bool> ReadOctetsAsync(int length, CancellationToken cancellationToken) =>
        await CopyAsync(length, (piece, _) =>
        {
            _text.Append(piece.Span);
            return ValueTask.CompletedTask;
        }, cancellationToken);
}
