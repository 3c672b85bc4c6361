using MailKit;
using MailKit.Net.Imap;
using MailKit.Net.Smtp;
using MailKit.Search;
using MailKit.Security;
using MailPlus.Tests.Support;
using MimeKit;
using Xunit;

namespace MailPlus.Tests.Peers;

[Collection(PeersCollection.Name)]
public sealed class MailKitTests(PeerServer peers)
{
    [Theory]
    [InlineData("submission", SecureSocketOptions.StartTls)]
    [InlineData("smtps", SecureSocketOptions.SslOnConnect)]
    public async Task A_submitted_message_arrives_as_it_was_written(string listener, SecureSocketOptions tls)
    {
        var subject = $"메일킷 {listener}";
        var builder = new BodyBuilder { TextBody = "본문\n.\n..\n끝", HtmlBody = "<p>본문</p>" };
        builder.Attachments.Add("견적서.bin", new byte[100_000]);
        var sent = new MimeMessage(
            [new MailboxAddress("킷", peers.Server.Address("kit"))], [new MailboxAddress("킷", peers.Server.Address("kit"))], subject, builder.ToMessageBody());
        using (var smtp = new SmtpClient { ServerCertificateValidationCallback = (_, _, _, _) => true })
        {
            await smtp.ConnectAsync("127.0.0.1", peers.Server.Port(listener), tls);
            Assert.True(smtp.Capabilities.HasFlag(SmtpCapabilities.Pipelining | SmtpCapabilities.Chunking | SmtpCapabilities.UTF8 | SmtpCapabilities.Dsn));
            await smtp.AuthenticateAsync("kit", peers.Server.Plan.Password);
            await smtp.SendAsync(sent);
            await smtp.DisconnectAsync(true);
        }

        using var imap = await OpenAsync();
        MimeMessage? received = null;
        await Eventually.TrueAsync(
            async () =>
            {
                await imap.NoOpAsync();
                var found = await imap.Inbox!.SearchAsync(SearchQuery.SubjectContains(subject));
                received = found.Count == 1 ? await imap.Inbox.GetMessageAsync(found[0]) : null;
                return received is not null;
            },
            () => $"one message with subject {subject}");
        Assert.Equal(sent.MessageId, received!.MessageId);
        Assert.Equal(sent.TextBody!.ReplaceLineEndings(), received.TextBody!.ReplaceLineEndings());
        var part = Assert.IsType<MimePart>(Assert.Single(received.Attachments));
        Assert.Equal("견적서.bin", part.FileName);
        using var content = new MemoryStream();
        await part.Content!.DecodeToAsync(content);
        Assert.Equal(100_000, content.Length);
    }

    [Fact]
    public async Task CONDSTORE_tells_what_changed_and_IDLE_that_it_did()
    {
        using var writer = await OpenAsync();
        using var reader = await OpenAsync();
        var folder = await writer.GetFolder(writer.PersonalNamespaces[0]).CreateAsync("kit changes", true);
        await folder!.OpenAsync(FolderAccess.ReadWrite);
        for (var n = 0; n < 20; n++)
        {
            var message = new MimeMessage { Subject = $"number {n}", Body = new TextPart("plain") { Text = $"text {n}" } };
            message.From.Add(new MailboxAddress("a", "a@example.net"));
            await folder.AppendAsync(message, n % 2 == 0 ? MessageFlags.Seen : MessageFlags.None);
        }

        var watched = await reader.GetFolderAsync(folder.FullName);
        await watched.OpenAsync(FolderAccess.ReadOnly);
        Assert.True(watched.Supports(FolderFeature.ModSequences));
        Assert.Equal(20, watched.Count);
        var before = watched.HighestModSeq;

        var changed = new TaskCompletionSource<MessageFlagsChangedEventArgs>(TaskCreationOptions.RunContinuationsAsynchronously);
        watched.MessageFlagsChanged += (_, e) => changed.TrySetResult(e);
        using var stop = new CancellationTokenSource();
        var idle = reader.IdleAsync(stop.Token);
        await folder.StoreAsync(new List<UniqueId> { new(3) }, new StoreFlagsRequest(StoreAction.Add, MessageFlags.Flagged) { Silent = true });
        var told = await changed.Task.WaitAsync(TimeSpan.FromMinutes(3));
        Assert.Equal(2, told.Index);
        Assert.True(told.Flags.HasFlag(MessageFlags.Flagged));
        await stop.CancelAsync();
        await idle;

        var since = await watched.FetchAsync(0, -1, new FetchRequest(MessageSummaryItems.UniqueId | MessageSummaryItems.Flags | MessageSummaryItems.ModSeq) { ChangedSince = before });
        Assert.Equal(3u, Assert.Single(since).UniqueId.Id);

        // A store that is too late is refused for the message that has changed meanwhile.
        var conflicting = await folder.StoreAsync(
            new List<UniqueId> { new(3), new(4) }, new StoreFlagsRequest(StoreAction.Add, MessageFlags.Answered) { UnchangedSince = before });
        Assert.Equal(3u, Assert.Single(conflicting).Id);

        Assert.Equal(10, (await watched.SearchAsync(SearchQuery.NotSeen)).Count);
        Assert.Single(await watched.SearchAsync(SearchQuery.BodyContains("text 7")));
        await watched.CloseAsync();
        await folder.DeleteAsync();
    }

    private async Task<ImapClient> OpenAsync()
    {
        var client = new ImapClient { ServerCertificateValidationCallback = (_, _, _, _) => true };
        await client.ConnectAsync("127.0.0.1", peers.Server.Imaps, SecureSocketOptions.SslOnConnect);
        await client.AuthenticateAsync("kit", peers.Server.Plan.Password);
        await client.Inbox!.OpenAsync(FolderAccess.ReadWrite);
        return client;
    }
}
