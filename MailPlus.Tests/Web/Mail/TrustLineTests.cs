using System.Text;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MailPlus.Web.Mail.Reading;
using Xunit;

namespace MailPlus.Tests.Web.Mail;

/// <summary>The reading pane believes what this server recorded, and nothing a sender wrote.</summary>
public sealed class TrustLineTests(MailFixture mail) : IClassFixture<MailFixture>
{
    private const string Results = "Authentication-Results: mail.example.test;\r\n\tspf=pass smtp.mailfrom=lee@other.test;\r\n\tdmarc=fail (p=reject) header.from=other.test\r\n";
    private const string Forged = "Authentication-Results: mail.example.test; dmarc=pass header.from=bank.test\r\nFrom: lee@other.test\r\n\r\nx\r\n";

    [Fact]
    public async Task Results_come_from_the_generated_prefix()
    {
        var read = await ReadAsync(Results + "Received: by mail.example.test\r\n");
        Assert.Equal(["spf Pass", "dmarc Fail"], read.Recorded.Select(result => $"{result.Method} {result.Result}"));
        Assert.Equal("other.test", read.Recorded[1].Properties["header.from"]);
    }

    [Fact]
    public async Task What_a_sender_wrote_is_not_believed()
    {
        Assert.Empty((await ReadAsync("")).Recorded);
        Assert.Empty((await ReadAsync("Received: by mail.example.test\r\n")).Recorded);
    }

    private async Task<ReadMessage> ReadAsync(string prefix)
    {
        var content = MessageContent.FromMemory(Encoding.ASCII.GetBytes(Forged));
        await using var store = await mail.OpenAsync();
        var inbox = (await store.FindAsync("INBOX", default))!;
        var added = await store.AppendAsync(inbox.Id, [new NewMessage(content, new MessageScanner().Scan(content), Instant.From(DateTimeOffset.UnixEpoch)) { Prefix = Encoding.ASCII.GetBytes(prefix) }], default);
        return (await ReadMessage.OfAsync(store, inbox.Id, added.Uids[0], default))!;
    }
}
