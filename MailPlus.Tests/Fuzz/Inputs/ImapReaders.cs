using System.IO.Compression;
using System.IO.Pipelines;
using System.Text;
using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;

namespace MailPlus.Tests.Fuzz.Inputs;

/// <summary>Commands of IMAP with their literals, from a pipe, and the argument languages of all of them.</summary>
internal sealed class ImapCommandReader : FuzzReader
{
    public override IReadOnlyList<byte[]> Seeds { get; } = [.. MailPlus.Tests.Fuzz.Seeds.Imap("secret").Select(lines => lines.SelectMany(line => line).ToArray())];

    public override IReadOnlyList<string> Words { get; } = ["\ufffe", " {3+}\r\n\ufffe", "&,,4-", "&2AA-", "\"\ufffd\"", "((", "))", "RETURN (", "~{2+}\r\n"];

    public override async ValueTask ReadAsync(byte[] input, Random random)
    {
        using var stream = new MemoryStream(input);
        var pipe = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: random.Next(1, 300), minimumReadSize: 1));
        var reader = new CommandReader(pipe) { HasUtf8Names = random.Next(2) == 0, Limits = random.Next(2) == 0 ? CommandLimits.Account : CommandLimits.Stranger };
        await ReadAllAsync(reader);
        await pipe.CompleteAsync();
    }

    /// <summary>All commands there are, with their arguments; a session ends after so many that are none.</summary>
    public static async ValueTask ReadAllAsync(CommandReader reader)
    {
        const int MostFaults = 20;
        var faults = 0;
        try
        {
            while (faults < MostFaults && await ReadOneAsync(reader) is { } isCommand)
            {
                faults += isCommand ? 0 : 1;
            }
        }
        catch (HopelessPeerException)
        {
            // the session ends
        }
    }

    /// <summary>Whether the next one is a command; null when nothing can follow.</summary>
    private static async ValueTask<bool?> ReadOneAsync(CommandReader reader)
    {
        try
        {
            if (await reader.ReadAsync(_ => ValueTask.CompletedTask, default) is not { } command)
            {
                return null;
            }

            ReadArguments(command);
            return command.Message is null ? true : null; // a message is another reader's
        }
        catch (SyntaxException)
        {
            return false; // a BAD
        }
    }

    /// <summary>By its grammar, and by those of all others.</summary>
    private static void ReadArguments(CommandText command)
    {
        Action<CommandText>[] readers =
        [
            c => FetchArguments.Parse(c, byUid: false), c => FetchArguments.Parse(c, byUid: true), c => SearchArguments.Parse(c), c => SortArguments.Parse(c), c => ThreadArguments.Parse(c),
            c => SelectArguments.Parse(c), c => NotifyArguments.Parse(c), c => MultiSearchArguments.Parse(c), c => GetMetadataArguments.Parse(c), c => SetMetadataArguments.Parse(c),
            c => UrlArguments.ReadGenerate(c), c => UrlArguments.ReadFetch(c), c => UrlArguments.ReadReset(c),
        ];
        foreach (var reader in readers)
        {
            try
            {
                reader(command);
            }
            catch (Exception refused) when (refused is SyntaxException or RefusedException)
            {
                // a BAD or a NO
            }
        }
    }
}

/// <summary>Commands under COMPRESS=DEFLATE: octets that are no DEFLATE end the connection, whatever else comes out is commands or not.</summary>
internal sealed class DeflateReader : FuzzReader
{
    public override IReadOnlyList<byte[]> Seeds { get; } = [.. MailPlus.Tests.Fuzz.Seeds.Imap("secret").Select(lines => Deflated(lines.SelectMany(line => line).ToArray())), Deflated(new byte[3_000_000])];

    /// <summary>DEFLATE packs a thousand octets into one, and here each is looked at by the arguments of all commands.</summary>
    public override long Expansion => 1032;

    public override async ValueTask ReadAsync(byte[] input, Random random)
    {
        using var stream = new MemoryStream(input);
        var pipe = Deflating.Reader(PipeReader.Create(stream));
        try
        {
            await ImapCommandReader.ReadAllAsync(new CommandReader(pipe) { Limits = CommandLimits.Account });
        }
        catch (IOException)
        {
            // as if the connection had broken
        }
        finally
        {
            await pipe.CompleteAsync();
        }
    }

    private static byte[] Deflated(byte[] octets)
    {
        using var target = new MemoryStream();
        using (var deflate = new DeflateStream(target, CompressionLevel.Fastest, leaveOpen: true))
        {
            deflate.Write(octets);
        }

        return target.ToArray();
    }
}

/// <summary>Names of mailboxes in both forms, patterns, sets, sections and URLs.</summary>
internal sealed class ImapNameReader : PureReader
{
    public override IReadOnlyList<byte[]> Seeds { get; } = Text(
        "&1VxcbA-/Sub &- Folder", "Entw&APw-rfe/&U,BTFw-/&ZeVnLIqe-", "INBOX/%/*", "1:*,5,7:9,$", "1.2.3.HEADER.FIELDS.NOT (Subject From)", "4.MIME",
        "imap://fred;AUTH=*@example.test:143/INBOX;UIDVALIDITY=7/;UID=20/;SECTION=1.2/;PARTIAL=0.1024;EXPIRE=2030-01-01T00:00:00Z;URLAUTH=user+fred:INTERNAL:0123", "/&1VxcbA-/;UID=3/;SECTION=TEXT", "한글/메일");

    public override IReadOnlyList<string> Words { get; } = ["&AAA-", "&,,4-", "&2AA-", "&2D3cAA-", "&-", "%25", "%FF", ";UID=", ";PARTIAL=1.", "*%", "HEADER.FIELDS ("];

    protected override void Read(byte[] input, Random random)
    {
        if (ModifiedUtf7.TryDecode(input, out var name))
        {
            MustEqual(ModifiedUtf7.Encode(name), Encoding.ASCII.GetString(input), "a name read and written again"); // each name has one form only
        }

        var text = Encoding.UTF8.GetString(input);
        var pattern = new MailboxPattern("", Encoding.Latin1.GetString(input));
        pattern.Matches(text.Length > 1_000 ? text[..1_000] : text);
        SequenceSet.TryRead(input, out _);
        SectionPath.TryParse(input, out _);
        foreach (var url in new[] { text, Encoding.Latin1.GetString(input) })
        {
            if (ImapUrl.TryParse(url) is { } parsed)
            {
                MustEqual((parsed.Mailbox, parsed.Uid, parsed.Rump), ImapUrl.TryParse(parsed.Text) is { } again ? (again.Mailbox, again.Uid, again.Rump) : default, "a URL read twice");
            }
        }

        try
        {
            ArgumentReader.DecodeMailbox(input, isUtf8: random.Next(2) == 0);
        }
        catch (Exception refused) when (refused is SyntaxException or RefusedException)
        {
            // no name
        }
    }
}
