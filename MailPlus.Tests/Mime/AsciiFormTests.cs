using System.Text;
using MailPlus.Engine.Mime;
using Xunit;

namespace MailPlus.Tests.Mime;

/// <summary>What a client that did not ask for UTF-8 sees of a message with UTF-8 in its header blocks (RFC 6858).</summary>
public sealed class AsciiFormTests
{
    private const string Message = "From: 김철수 <kim@example.com>\r\nTo: 정@example.com\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\npreamble ü\r\n"
        + "--b\r\nContent-Type: text/plain; charset=utf-8; name=\"보고.txt\"\r\n\r\n본문\r\n"
        + "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: 안쪽\r\n\r\n본문\r\n--b--\r\nepilogue ü\r\n";

    [Fact]
    public async Task Header_blocks_are_ASCII_and_bodies_as_stored()
    {
        await using var content = MessageContent.FromMemory(Encoding.UTF8.GetBytes(Message));
        var form = AsciiForm.Of(content, HeaderLength)!;
        await using var shown = form.Over(content);
        var text = await TextAsync(shown);
        var tree = StructureReader.Read(shown);
        Assert.Equal(form.Length, shown.Length);
        Assert.Equal(form.HeaderLength, tree.Root.BodyStart);
        Assert.False(tree.HasEightBitFields);
        Assert.Contains("<invalid@internationalized-address.invalid>", text, StringComparison.Ordinal);
        Assert.Contains("\r\n\r\npreamble ü\r\n--b\r\n", text, StringComparison.Ordinal);
        Assert.Equal(2, text.Split("\r\n\r\n본문\r\n--b").Length - 1);
        Assert.EndsWith("epilogue ü\r\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("안쪽", text, StringComparison.Ordinal);
    }

    /// <summary>Bigger messages are not copied: the form is read piece by piece, from wherever.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(4096)]
    public async Task It_reads_the_same_over_a_file(int most)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(file, Encoding.UTF8.GetBytes(Message));
            await using var memory = MessageContent.FromMemory(await File.ReadAllBytesAsync(file));
            await using var stored = MessageContent.FromFile(file);
            await using var whole = AsciiForm.Of(memory, HeaderLength)!.Over(memory);
            await using var pieced = AsciiForm.Of(stored, HeaderLength)!.Over(stored);
            var expected = whole.InMemory!.Value.ToArray();
            Assert.Equal(expected.Length, pieced.Length);
            await using var stream = pieced.OpenRead();
            var buffer = new byte[most];
            for (var start = 0; start < expected.Length; start += 13)
            {
                stream.Position = start;
                var read = await stream.ReadAsync(buffer);
                Assert.InRange(read, 1, most);
                Assert.Equal(expected[start..(start + read)], buffer[..read]);
            }

            stream.Position = 0;
            using var all = new MemoryStream();
            await stream.CopyToAsync(all, Math.Max(most, 2));
            Assert.Equal(expected, all.ToArray());
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("Subject: plain\r\n\r\nü")]
    [InlineData("Subject: \u00fc\u00e4\r\n\r\nin another charset")]
    public async Task What_is_no_UTF_8_stays_as_it_is(string text)
    {
        await using var content = MessageContent.FromMemory(Encoding.Latin1.GetBytes(text));
        Assert.Null(AsciiForm.Of(content, text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4));
    }

    [Theory]
    [InlineData("Content-Type: text/plain; charset")]
    [InlineData("Content-Type: ü")]
    [InlineData("Content-Disposition: attachment; filename*=utf-8''ü; x")]
    [InlineData("DKIM-Signature: v=1; ü")]
    [InlineData("Received: from ü")]
    [InlineData("Message-ID: <ü")]
    [InlineData("ARC-Seal: ;;=ü=;")]
    [InlineData("Authentication-Results: ü;;")]
    [InlineData("List-Id: <ü")]
    public async Task Fields_whose_parameters_are_none_become_ASCII_all_the_same(string field)
    {
        var text = $"Subject: 한글\r\n{field} ü\r\n\r\nbody";
        await using var content = MessageContent.FromMemory(Encoding.UTF8.GetBytes(text));
        var form = AsciiForm.Of(content, Encoding.UTF8.GetByteCount(text) - 4)!;
        await using var shown = form.Over(content);
        Assert.True(Ascii.IsValid(await TextAsync(shown)));
    }

    private static int HeaderLength => Encoding.UTF8.GetByteCount(Message[..(Message.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)]);

    private static async Task<string> TextAsync(MessageContent content)
    {
        await using var stream = content.OpenRead();
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync();
    }
}
