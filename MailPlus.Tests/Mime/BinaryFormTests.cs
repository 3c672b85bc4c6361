using System.Text;
using FsCheck;
using FsCheck.Xunit;
using MailPlus.Engine.Mime;
using Xunit;

namespace MailPlus.Tests.Mime;

/// <summary>Transfer encodings undone and made (RFC 3516).</summary>
public sealed class BinaryFormTests
{
    private const string Two = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: Base64\r\n\r\nAAECAw==\r\n--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=3Db=\r\nc\r\n--b--\r\n";

    [Fact]
    public async Task OfAWholeMessageTheEncodingsOfItsPartsAreUndone() =>
        Assert.Equal(
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: binary\r\n\r\n\0\u0001\u0002\u0003\r\n--b\r\nContent-Transfer-Encoding: binary\r\n\r\na=bc\r\n--b--\r\n",
            await DecodedAsync(Two));

    [Fact]
    public Task AnUnknownEncodingIsSaidToBe() =>
        Assert.ThrowsAsync<UnknownEncodingException>(() => DecodedAsync("Content-Transfer-Encoding: x-zip\r\n\r\nx"));

    [Fact]
    public async Task NulsBecomeBase64AndComeBack()
    {
        const string Message = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\na\0b\r\n--b\r\n\r\nplain\r\n--b--\r\n";
        var stored = await WithoutNulsAsync(Message);
        Assert.Equal("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nYQBi\r\n\r\n--b\r\n\r\nplain\r\n--b--\r\n", stored);
        Assert.Equal(Message, await DecodedAsync(stored));
        await Assert.ThrowsAsync<UnknownEncodingException>(() => WithoutNulsAsync("Subject: a\0b\r\n\r\nx"));
        await Assert.ThrowsAsync<UnknownEncodingException>(() => WithoutNulsAsync("Content-Transfer-Encoding: base64\r\n\r\nx\0"));
    }

    [Property]
    public bool EveryBodySurvives(byte[] body)
    {
        var message = "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n\0" + Encoding.Latin1.GetString(body);
        return DecodedAsync(WithoutNulsAsync(message).GetAwaiter().GetResult()).GetAwaiter().GetResult() == message;
    }

    private static Task<string> DecodedAsync(string message) => MadeAsync(message, (form, sink) => form.WriteAsync(null, sink, default));

    private static Task<string> WithoutNulsAsync(string message) => MadeAsync(message, (form, sink) => form.WriteWithoutNulsAsync(sink, default));

    private static async Task<string> MadeAsync(string message, Func<BinaryForm, BinaryForm.Sink, ValueTask> write)
    {
        await using var content = MessageContent.FromMemory(Encoding.Latin1.GetBytes(message));
        var made = new MemoryStream();
        await write(new BinaryForm(content, StructureReader.Read(content)), async (octets, token) =>
        {
            await made.WriteAsync(octets, token);
            return true;
        });
        return Encoding.Latin1.GetString(made.ToArray());
    }
}
