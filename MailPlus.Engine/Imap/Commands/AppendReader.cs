using System.Text;
using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Net.Connections;
using MailPlus.Engine.Net.Lines;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Sharing;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>
/// Reads what APPEND and REPLACE store (RFC 3501 6.3.11, MULTIAPPEND RFC 3502, BINARY RFC 3516 4.4, CATENATE RFC 4469): options, literals streamed to the spool,
/// URLs copied from the store. Stands at a place in the line; a literal may follow the line's end.
/// </summary>
internal sealed class AppendReader(ImapSession session, Place target, ReadOnlyMemory<byte> text, LiteralMark? literal)
{
    private const int MaxParts = 500;

    /// <summary>What the messages of one command may hold in memory together: many small ones are no trouble, the rest waits in files.</summary>
    private const int MaxMemory = 8 * 1024 * 1024;

    private static readonly TimeSpan DataPatience = TimeSpan.FromMinutes(5);

    private enum Form
    {
        Literal,
        Utf8,
        Catenate,
    }

    private ReadOnlyMemory<byte> _text = text;
    private LiteralMark? _literal = literal;
    private int _parts;
    private int _messages;
    private int _inMemory;

    /// <summary>Octets read or copied so far, all messages together.</summary>
    public long Octets { get; private set; }

    /// <summary>Octets that become free by the same command (REPLACE).</summary>
    public long Freed { get; init; }

    /// <summary>Nothing more is to come.</summary>
    public bool AtEnd => _text.IsEmpty && _literal is null;

    /// <summary>Reads one message: a space, flags and date if any, its octets. The caller disposes its content.</summary>
    public async ValueTask<NewMessage> ReadAsync(CancellationToken cancellationToken)
    {
        var (flags, date, form) = ReadOptions();
        var isCatenate = form == Form.Catenate;
        _messages++;
        if (!isCatenate && _literal is { Length: 0 })
        {
            throw Empty();
        }

        await using var spool = new LiteralSpool(session.With.Run.DataFolder, isCatenate ? 0 : _literal?.Length ?? 0)
        {
            MemoryOctets = Math.Min(LiteralSpool.MostInMemory, MaxMemory - _inMemory),
        };
        var isBinary = false;
        if (isCatenate)
        {
            do
            {
                isBinary |= await ReadPartAsync(spool, cancellationToken);
            }
            while (TakeSpaceOrEnd());
        }
        else
        {
            isBinary = await ReadLiteralAsync(spool, cancellationToken);
            TakeEnd(form == Form.Utf8);
        }

        if (spool.Length == 0)
        {
            throw Empty();
        }

        _inMemory += spool.InMemory;
        var content = await spool.FinishAsync(cancellationToken);
        try
        {
            content = isBinary && spool.HasNul ? await WithoutNulsAsync(content, cancellationToken) : content;
            var arrived = date is { } given ? Instant.From(given) : Instant.Now(session.With.Clock);
            return new NewMessage(content, session.With.Scanner.Scan(content), arrived) { Flags = FlagNames.Allowed(flags, target.Rights) };
        }
        catch
        {
            await content.DisposeAsync();
            throw;
        }
    }

    private static RefusedException Empty() => new(new Refusal(RefusalKind.Invalid, "EmptyMessage"));

    private (FlagSet Flags, DateTimeOffset? Date, Form Form) ReadOptions()
    {
        var reader = new ArgumentReader(_text.Span);
        reader.Space();
        var flags = FlagSet.None;
        DateTimeOffset? date = null;
        if (reader.Peek() == '(')
        {
            flags = FlagNames.Read(reader.FlagList());
            reader.Space();
        }

        if (reader.Peek() == '"')
        {
            date = reader.DateTime();
            reader.Space();
        }

        var form = reader.TryWord("CATENATE"u8) ? Form.Catenate : TryUtf8(ref reader) ? Form.Utf8 : Form.Literal;
        if (form == Form.Catenate)
        {
            reader.Space();
            reader.Take((byte)'(');
        }
        else if (!reader.AtEnd || _literal is null)
        {
            throw new SyntaxException("Expected a message literal");
        }

        _text = _text[reader.Position..];
        return (flags, date, form);
    }

    /// <summary>UTF8 and the parenthesis before its literal8 (RFC 6855 4).</summary>
    private bool TryUtf8(ref ArgumentReader reader)
    {
        if (!reader.TryWord("UTF8"u8))
        {
            return false;
        }

        reader.Space();
        reader.Take((byte)'(');
        return _literal is { IsBinary: true } ? true : throw new SyntaxException("Expected a literal8");
    }

    private void TakeEnd(bool isOpen)
    {
        if (isOpen)
        {
            var reader = new ArgumentReader(_text.Span);
            reader.Take((byte)')');
            _text = _text[1..];
        }
    }

    /// <summary>TEXT or UTF8 literal or URL astring; true for a literal8.</summary>
    private async ValueTask<bool> ReadPartAsync(LiteralSpool spool, CancellationToken cancellationToken)
    {
        if (++_parts > MaxParts)
        {
            throw new SyntaxException("Too many parts");
        }

        var (isText, isUtf8, isHere) = ReadPartStart(out var here);
        if (isText)
        {
            var isBinary = await ReadLiteralAsync(spool, cancellationToken);
            TakeEnd(isUtf8);
            return isBinary;
        }

        await CopyUrlAsync(isHere ? here : await ReadUrlLiteralAsync(cancellationToken), spool, cancellationToken);
        return false;
    }

    private (bool IsText, bool IsUtf8, bool IsHere) ReadPartStart(out string url)
    {
        var reader = new ArgumentReader(_text.Span);
        url = "";
        var isUtf8 = TryUtf8(ref reader);
        var isText = isUtf8 || reader.TryWord("TEXT"u8);
        if (!isText && !reader.TryWord("URL"u8))
        {
            throw new SyntaxException("Expected TEXT, UTF8 or URL");
        }

        if (!isUtf8)
        {
            reader.Space();
        }

        var isHere = !reader.AtEnd;
        if (isHere)
        {
            url = isText ? throw new SyntaxException("Expected a literal") : reader.AStringText();
        }
        else if (_literal is null)
        {
            throw new SyntaxException("Expected a literal");
        }

        _text = _text[reader.Position..];
        return (isText, isUtf8, isHere);
    }

    private bool TakeSpaceOrEnd()
    {
        var reader = new ArgumentReader(_text.Span);
        var goesOn = !reader.TryTake((byte)')');
        if (goesOn)
        {
            reader.Space();
        }

        _text = _text[1..];
        return goesOn;
    }

    private async ValueTask<bool> ReadLiteralAsync(LiteralSpool spool, CancellationToken cancellationToken)
    {
        var coming = _literal!.Value;
        await RequireFitsAsync(coming.Length, spool.Length, cancellationToken);
        await StreamAsync(coming, spool.WriteAsync, cancellationToken);
        return coming.IsBinary;
    }

    private async ValueTask<string> ReadUrlLiteralAsync(CancellationToken cancellationToken)
    {
        var coming = _literal!.Value;
        if (coming.Length > ImapUrl.MaxLength)
        {
            throw new SyntaxException("URL is too long");
        }

        var url = new StringBuilder();
        await StreamAsync(coming, (octets, _) =>
        {
            url.Append(Encoding.Latin1.GetString(octets.Span));
            return ValueTask.CompletedTask;
        }, cancellationToken);
        return url.ToString();
    }

    private async ValueTask StreamAsync(LiteralMark coming, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write, CancellationToken cancellationToken)
    {
        if (coming.IsSynchronising)
        {
            await session.ContinueAsync("OK", cancellationToken);
        }

        _literal = null;
        var pace = new ArrivalPace(session.Connection.Clock, DataPatience);
        var arrived = 0L;
        session.Connection.SetDeadline(DeadlineKind.Data, DataPatience);
        var isWhole = await session.Input.CopyMessageAsync(coming, (piece, token) =>
        {
            arrived += piece.Length;
            session.Connection.SetDeadline(DeadlineKind.Data, pace.After(arrived));
            return write(piece, token);
        }, cancellationToken);
        if (!isWhole)
        {
            throw new EndOfStreamException("peer closed in a message");
        }

        (_text, _literal) = await session.Input.ReadTailAsync(cancellationToken) ?? throw new EndOfStreamException("peer closed");
    }

    private async ValueTask CopyUrlAsync(string text, LiteralSpool spool, CancellationToken cancellationToken)
    {
        await using var found = await UrlContent.OpenAsync(session, ImapUrl.TryParse(text), cancellationToken) ?? throw UrlContent.Bad(text);
        await RequireFitsAsync(found.Octets.Length, spool.Length, cancellationToken);
        await found.CopyToAsync(spool.WriteAsync, cancellationToken);
    }

    private async ValueTask RequireFitsAsync(long octets, long soFar, CancellationToken cancellationToken)
    {
        var limit = session.Settings.Smtp.MaximumMessageSize;
        if (octets > limit || soFar + octets > limit)
        {
            throw new RefusedException(new Refusal(RefusalKind.TooLarge, "MessageTooLarge") { Arguments = [limit.ToString(System.Globalization.CultureInfo.InvariantCulture)] });
        }

        Octets += octets;
        await session.RequireRoomAsync(target.Store, Octets - Freed, _messages - (Freed > 0 ? 1 : 0), cancellationToken);
    }

    /// <summary>Parts with NUL become base64: nothing else may be shown to clients without BINARY (RFC 3516 4.4, 6).</summary>
    private async ValueTask<MessageContent> WithoutNulsAsync(MessageContent content, CancellationToken cancellationToken)
    {
        await using var spool = new LiteralSpool(session.With.Run.DataFolder);
        try
        {
            await new BinaryForm(content, StructureReader.Read(content)).WriteWithoutNulsAsync(async (octets, token) =>
            {
                await spool.WriteAsync(octets, token);
                return true;
            }, cancellationToken);
        }
        catch (UnknownEncodingException)
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "MessageEncodingUnknown") { Field = "CTE" });
        }

        var made = await spool.FinishAsync(cancellationToken);
        await content.DisposeAsync();
        return made;
    }
}
