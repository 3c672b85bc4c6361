using System.IO.Pipelines;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using MailPlus.Engine.Imap.Commands;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;
using Xunit;

namespace MailPlus.Tests.Imap;

/// <summary>The pure part of IMAP: names, sets, arguments, patterns, literals.</summary>
public sealed class WireTests
{
    [Theory]
    [InlineData(2, "20:17,16:1")]
    [InlineData(3, "20:3,2:1")]
    [InlineData(4, "20:1")]
    [InlineData(1, "20:20,19:17,16:3,2:1")]
    public void Batches_have_no_gaps_and_go_down_to_1(uint size, string expected)
    {
        uint[] uids = [2, 3, 17, 20];
        Assert.Equal(expected, string.Join(',', UidBatchesCommand.Batches(uids.Length, at => new Uid(uids[at]), size).Select(b => $"{b.High}:{b.Low}")));
        Assert.Empty(UidBatchesCommand.Batches(0, at => new Uid(uids[at]), size));
    }

    [Theory]
    [InlineData("Entw&APw-rfe", "Entwürfe")]
    [InlineData("&Jjo-!", "☺!")]
    [InlineData("a&-b", "a&b")]
    [InlineData("&2D3eAA-", "😀")]
    public void NamesTravelAsModifiedUtf7(string wire, string name)
    {
        Assert.True(ModifiedUtf7.TryDecode(Encoding.ASCII.GetBytes(wire), out var decoded));
        Assert.Equal(wire, ModifiedUtf7.Encode(decoded));
        Assert.Equal(name, decoded);
    }

    [Theory]
    [InlineData("&")]
    [InlineData("&AGE-")]
    [InlineData("&AP")]
    [InlineData("&APw")]
    [InlineData("&APx-")]
    [InlineData("&APw-&APw-")]
    [InlineData("&!!!-")]
    [InlineData("ü")]
    public void OtherFormsOfANameAreRefused(string wire) => Assert.False(ModifiedUtf7.TryDecode(Encoding.UTF8.GetBytes(wire), out _));

    [Property]
    public bool EveryNameComesBack(NonNull<string> name)
    {
        var clean = Encoding.Unicode.GetString(Encoding.Unicode.GetBytes(new string([.. name.Get.Where(c => !char.IsSurrogate(c) && c > 0)])));
        return ModifiedUtf7.TryDecode(Encoding.ASCII.GetBytes(ModifiedUtf7.Encode(clean)), out var decoded) && decoded == clean;
    }

    [Property]
    public bool DecodingNeverThrows(byte[] octets)
    {
        ModifiedUtf7.TryDecode(octets, out _);
        return true;
    }

    [Property]
    public Property AResolvedSetHoldsExactlyTheNumbersNamed(PositiveInt star) => Prop.ForAll(
        Gen.Zip(Gen.Choose(0, 30), Gen.Choose(0, 30)).NonEmptyListOf().ToArbitrary(),
        ranges =>
        {
            var top = (uint)(star.Get % 30) + 1;
            var text = string.Join(',', ranges.Select(r => $"{Spell(r.Item1)}:{Spell(r.Item2)}"));
            Assert.Equal(text.Length, SequenceSet.TryRead(Encoding.ASCII.GetBytes(text), out var set));
            var resolved = set.Resolve(top);
            var expected = ranges.SelectMany(r => Numbers(r.Item1 == 0 ? top : (uint)r.Item1, r.Item2 == 0 ? top : (uint)r.Item2)).ToHashSet();
            var got = resolved.SelectMany(r => Numbers(r.First, r.Last)).ToList();
            return got.Count == expected.Count && expected.SetEquals(got) && resolved.Zip(resolved.Skip(1)).All(p => p.First.Last + 1 < p.Second.First);
        });

    [Theory]
    [InlineData("0")]
    [InlineData("")]
    [InlineData("1:")]
    [InlineData("1,")]
    [InlineData(":5")]
    [InlineData("4294967296")]
    public void NonsenseIsNoSet(string text) => Assert.Equal(0, SequenceSet.TryRead(Encoding.ASCII.GetBytes(text), out _));

    [Property]
    public bool QuotedStringsAndLiteralsSayTheSame(NonNull<string> text)
    {
        var clean = new string([.. text.Get.Where(c => c is >= ' ' and <= '~')]);
        var quoted = $"\"{clean.Replace("\\", "\\\\").Replace("\"", "\\\"")}\"";
        return new ArgumentReader(Encoding.ASCII.GetBytes(quoted)).AStringText() == clean
            && new ArgumentReader(Encoding.ASCII.GetBytes($"{{{clean.Length}+}}\r\n{clean}")).AStringText() == clean;
    }

    [Property(MaxTest = 500)]
    public bool ArgumentsEitherParseOrAreRefusedAsSyntax(string text, byte choice)
    {
        var command = new CommandText("a", "X", Encoding.UTF8.GetBytes(" " + text));
        try
        {
            switch (choice % 10)
            {
                case 8:
                    UrlArguments.ReadFetch(command);
                    break;
                case 9:
                    UrlArguments.ReadGenerate(command);
                    break;
                case 7:
                    NotifyArguments.Parse(command);
                    break;
                case 6:
                    MultiSearchArguments.Parse(command);
                    break;
                case 4:
                    GetMetadataArguments.Parse(command);
                    break;
                case 5:
                    SetMetadataArguments.Parse(command);
                    break;
                case 0:
                    FetchArguments.Parse(command, byUid: false);
                    break;
                case 1:
                    SearchArguments.Parse(command);
                    break;
                case 2:
                    command.Read().FlagList();
                    break;
                default:
                    command.Read().Mailbox();
                    break;
            }
        }
        catch (Exception refused) when (refused is SyntaxException or Engine.Primitives.RefusedException)
        {
            return true;
        }

        return true;
    }

    [Theory]
    [InlineData("*", "a/b", true)]
    [InlineData("%", "a/b", false)]
    [InlineData("%", "a", true)]
    [InlineData("a/%", "a/b", true)]
    [InlineData("a*c", "a/b/c", true)]
    [InlineData("inbox", "INBOX", true)]
    [InlineData("InBox/%", "INBOX/x", true)]
    [InlineData("%t*4", "t3/t4", true)]
    [InlineData("inbox", "inboxes", false)]
    [InlineData("", "a", false)]
    public void PatternsMatchAsRfc3501Says(string pattern, string name, bool expected) => Assert.Equal(expected, new MailboxPattern("", pattern).Matches(name));

    [Fact]
    public void APatternOfManyWildcardsIsCheap() => Assert.False(new MailboxPattern("", string.Concat(Enumerable.Repeat("*a%", 1000)) + "b").Matches(new string('a', 1000)));

    [Fact]
    public async Task CommandsAreReadOctetByOctetAsAtOnce()
    {
        var text = "a1 LOGIN {3+}\r\nkim {6}\r\nsecret\r\na2 NOOP\r\nx y {3}\r\nabc\r\na3 APPEND \"in\" (\\Seen) {5+}\r\nhello\r\n"u8.ToArray();
        var pipe = new Pipe();
        var reader = new CommandReader(pipe.Reader);
        var goAheads = 0;
        var writing = Task.Run(async () =>
        {
            foreach (var octet in text)
            {
                await pipe.Writer.WriteAsync(new[] { octet });
            }

            await pipe.Writer.CompleteAsync();
        });
        ValueTask GoAhead(CancellationToken token)
        {
            goAheads++;
            return default;
        }

        var login = await reader.ReadAsync(GoAhead, default);
        Assert.Equal(("a1", "LOGIN", " {3+}\r\nkim {6}\r\nsecret"), (login!.Value.Tag, login.Value.Name, Encoding.ASCII.GetString(login.Value.Arguments.Span)));
        Assert.Equal("NOOP", (await reader.ReadAsync(GoAhead, default))!.Value.Name);
        Assert.Equal("Y", (await reader.ReadAsync(GoAhead, default))!.Value.Name);
        Assert.Equal(2, goAheads);
        var append = await reader.ReadAsync(GoAhead, default);
        Assert.Equal(new LiteralMark(5, false), append!.Value.Message);
        var message = new MemoryStream();
        Assert.True(await reader.CopyAsync(5, (piece, _) =>
        {
            message.Write(piece.Span);
            return default;
        }, default));
        Assert.Equal("hello", Encoding.ASCII.GetString(message.ToArray()));
        Assert.Equal(0, (await reader.ReadTailAsync(default))!.Value.Text.Length);
        Assert.Null(await reader.ReadAsync(GoAhead, default));
        await writing;
    }

    [Fact]
    public async Task WhatIsLeftOfAMessageIsReadOver()
    {
        // In pieces, so that the failure comes in the midst of the message, with another behind it.
        var pipe = new Pipe();
        var reader = new CommandReader(pipe.Reader);
        await pipe.Writer.WriteAsync("a APPEND x {12+}\r\n123"u8.ToArray());
        Assert.Equal(12, (await reader.ReadAsync(_ => default, default))!.Value.Message!.Value.Length);
        await Assert.ThrowsAsync<InvalidDataException>(async () => await reader.CopyMessageAsync(new LiteralMark(12, false), (_, _) => throw new InvalidDataException(), default));
        var dropping = reader.DropMessagesAsync(default).AsTask();
        await pipe.Writer.WriteAsync("456\r\nb X"u8.ToArray());
        await pipe.Writer.WriteAsync("Y {3+}\r\nabc {3}\r\nc NOOP\r\n"u8.ToArray());
        await dropping;
        Assert.Equal("c", (await reader.ReadAsync(_ => default, default))!.Value.Tag); // the last one waited for a "+" that never came
    }

    private static string Spell(int number) => number == 0 ? "*" : number.ToString();

    private static IEnumerable<uint> Numbers(uint a, uint b)
    {
        for (var n = Math.Min(a, b); n <= Math.Max(a, b); n++)
        {
            yield return n;
        }
    }
}
