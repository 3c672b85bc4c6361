using System.Text;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MailPlus.Tests.Support;
using MailPlus.Web.Mail.Compose;
using MimeKit;
using Xunit;

namespace MailPlus.Tests.Web.Mail;

/// <summary>Writing, keeping and sending over a real store: WEB-014 to WEB-039 and "Behaviours" 7 to 11 of the chapter.</summary>
public sealed class ComposeTests : IAsyncLifetime
{
    private readonly MailFixture _mail = new();

    public Task InitializeAsync() => _mail.InitializeAsync();

    public Task DisposeAsync() => _mail.DisposeAsync();

    [Fact]
    public async Task A_draft_replaces_its_former_version_and_goes_on_with_everything()
    {
        await using var store = await _mail.OpenAsync();
        var begun = await BeginAsync(store, new ComposeRequest(ComposeKind.New));
        await AttachAsync(begun.State.Id, "보고서.pdf", "content");
        var content = Content("half", "<div>first</div>") with { Bcc = [new ComposeAddress("", "secret@other.test")] };
        await _mail.Delivery.SaveAsync(_mail.Writer, store, begun.State.Id, content, default);
        var saved = await _mail.Delivery.SaveAsync(_mail.Writer, store, begun.State.Id, content with { Html = "<div>second</div>" }, default);

        var draft = Assert.Single(await _mail.ReadAsync(SpecialUse.Drafts));
        Assert.Equal(MessageFlags.Draft | MessageFlags.Seen, draft.State.Flags);
        Assert.Contains("second", draft.Message.HtmlBody, StringComparison.Ordinal);
        Assert.Equal("secret@other.test", draft.Message.Bcc.Mailboxes.Single().Address);

        var again = await BeginAsync(store, new ComposeRequest(ComposeKind.Draft, saved.Draft!.Mailbox, saved.Draft.Uid));
        Assert.Equal("보고서.pdf", Assert.Single(again.State.Uploads).Name);
        Assert.Equal("lee@other.test", Assert.Single(again.Content.To).Address);
        Assert.Equal("secret@other.test", Assert.Single(again.Content.Bcc).Address);
        await _mail.Delivery.SendAsync(_mail.Writer, store, again.State.Id, again.Content, default);
        Assert.Empty(await _mail.ReadAsync(SpecialUse.Drafts));
    }

    [Fact]
    public async Task Sent_mail_hides_bcc_from_others_and_keeps_it_for_the_sender()
    {
        await using var store = await _mail.OpenAsync();
        var begun = await BeginAsync(store, new ComposeRequest(ComposeKind.New));
        await AttachAsync(begun.State.Id, "파일 이름.txt", "내용");
        var content = Content("안녕하세요", "<div>본문 <b>굵게</b></div>") with { Bcc = [new ComposeAddress("비밀", "secret@other.test")] };
        await _mail.Delivery.SendAsync(_mail.Writer, store, begun.State.Id, content, default);

        var (envelope, message) = Assert.Single(_mail.Accepted);
        Assert.Equal(["lee@other.test", "secret@other.test"], envelope.Recipients.Select(r => r.Address.ToString()));
        Assert.Equal("kim@example.test", envelope.ReversePath!.ToString());
        Assert.DoesNotContain(message.Headers, header => header.Id == HeaderId.Bcc);
        Assert.Equal("안녕하세요", message.Subject);
        Assert.Equal("김하나", message.From.Mailboxes.Single().Name);
        Assert.Contains("본문 굵게", message.TextBody, StringComparison.Ordinal);
        Assert.Contains("<b>굵게</b>", message.HtmlBody, StringComparison.Ordinal);
        var file = Assert.IsType<TextPart>(message.Attachments.Single());
        Assert.Equal("파일 이름.txt", file.FileName);

        var sent = Assert.Single(await _mail.ReadAsync(SpecialUse.Sent));
        Assert.Equal("secret@other.test", sent.Message.Bcc.Mailboxes.Single().Address);
        Assert.Equal(message.MessageId, sent.Message.MessageId);
        Assert.Contains((await _mail.Preferences.ReadAsync(_mail.Actor, default)).Recent, person => person.Address == "lee@other.test");
    }

    [Fact]
    public async Task As_many_recipients_as_the_setting_says_and_not_one_more()
    {
        await using var store = await _mail.OpenAsync();
        var begun = await BeginAsync(store, new ComposeRequest(ComposeKind.New));
        var content = Content("many", "<div>x</div>") with { To = [.. Enumerable.Range(0, 101).Select(n => new ComposeAddress("", $"p{n}@other.test"))] };
        _mail.Settings.Set(_mail.Settings.Current with { Smtp = _mail.Settings.Current.Smtp with { MaximumRecipients = 100 } });
        var refused = await Refused.ByAsync(RefusalKind.TooMany, () => _mail.Delivery.SendAsync(_mail.Writer, store, begun.State.Id, content, default));
        Assert.Equal("TooManyRecipients", refused.TextKey);
        Assert.Empty(_mail.Accepted);

        _mail.Settings.Set(_mail.Settings.Current with { Smtp = _mail.Settings.Current.Smtp with { MaximumRecipients = 101 } });
        await _mail.Delivery.SendAsync(_mail.Writer, store, begun.State.Id, content, default);
        Assert.Single(_mail.Accepted);
    }

    [Fact]
    public async Task A_draft_over_the_default_quota_is_refused_until_the_quota_is_raised()
    {
        await using var store = await _mail.OpenAsync();
        var begun = await BeginAsync(store, new ComposeRequest(ComposeKind.New));
        _mail.Settings.Set(_mail.Settings.Current with { Quota = new() { DefaultOctets = 100 } });
        await Refused.ByAsync(RefusalKind.OverQuota, () => _mail.Delivery.SaveAsync(_mail.Writer, store, begun.State.Id, Content("x", "<div>x</div>"), default));
        _mail.Settings.Set(_mail.Settings.Current with { Quota = new() { DefaultOctets = 100_000 } });
        await _mail.Delivery.SaveAsync(_mail.Writer, store, begun.State.Id, Content("x", "<div>x</div>"), default);
    }

    [Fact]
    public async Task Nobody_opens_mail_while_the_webmail_is_off()
    {
        _mail.Settings.Set(_mail.Settings.Current with { Service = new() { WebmailEnabled = false } });
        var refused = await Refused.ByAsync(RefusalKind.Unavailable, async () => await _mail.Access.OpenAsync(_mail.Actor, default));
        Assert.Equal("WebmailOff", refused.TextKey);
        _mail.Settings.Set(_mail.Settings.Current with { Service = new() });
        await using var store = await _mail.Access.OpenAsync(_mail.Actor, default);
    }

    [Fact]
    public async Task A_repeated_send_after_a_lost_answer_sends_once()
    {
        await using var store = await _mail.OpenAsync();
        var begun = await BeginAsync(store, new ComposeRequest(ComposeKind.New));
        var content = Content("once", "x");
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => _mail.Delivery.SendAsync(_mail.Writer, store, begun.State.Id, content, default)));
        Assert.Single(_mail.Accepted);
        Assert.Single(await _mail.ReadAsync(SpecialUse.Sent));
    }

    [Fact]
    public async Task A_refused_message_stays_in_drafts()
    {
        await using var store = await _mail.OpenAsync();
        var begun = await BeginAsync(store, new ComposeRequest(ComposeKind.New));
        _mail.RefuseWith = new Refusal(RefusalKind.MessageRefused, "Virus");
        await Refused.ByAsync(RefusalKind.MessageRefused, () => _mail.Delivery.SendAsync(_mail.Writer, store, begun.State.Id, Content("bad", "x"), default));
        Assert.Equal("bad", Assert.Single(await _mail.ReadAsync(SpecialUse.Drafts)).Message.Subject);
        Assert.Empty(await _mail.ReadAsync(SpecialUse.Sent));

        _mail.RefuseWith = null;
        var unknown = await Refused.ByAsync(RefusalKind.UnknownRecipient, () => _mail.Delivery.SendAsync(
            _mail.Writer, store, begun.State.Id, Content("bad", "x") with { Cc = [new ComposeAddress("", "nobody@example.test")] }, default));
        Assert.Equal("to:nobody@example.test", unknown.Field);
        await Refused.ByAsync(RefusalKind.Invalid, () => _mail.Delivery.SendAsync(_mail.Writer, store, begun.State.Id, new ComposeContent(), default));
    }

    [Fact]
    public async Task Reply_all_answers_everybody_but_oneself_and_threads()
    {
        var message = MailFixture.Message("회의", "본문", from: "\"이순신\" <lee@other.test>", to: "kim@example.test, park@other.test");
        message.Cc.AddRange(InternetAddressList.Parse("choi@other.test, hana@example.test, park@other.test"));
        message.References.Add("older@other.test");
        var uid = await _mail.ReceiveAsync(message);
        await using var store = await _mail.OpenAsync();
        var inbox = (await store.FindAsync("INBOX", default))!;
        var begun = await BeginAsync(store, new ComposeRequest(ComposeKind.ReplyAll, inbox.Id.Value, uid.Value));
        Assert.Equal(["lee@other.test", "park@other.test"], begun.Content.To.Select(p => p.Address));
        Assert.Equal(["choi@other.test"], begun.Content.Cc.Select(p => p.Address));
        Assert.Equal("Re: 회의", begun.Content.Subject);
        Assert.Contains("<blockquote", begun.Content.Html, StringComparison.Ordinal);

        await _mail.Delivery.SendAsync(_mail.Writer, store, begun.State.Id, begun.Content, default);
        var sent = _mail.Accepted.Single().Message;
        Assert.Equal(message.MessageId, sent.InReplyTo);
        Assert.Equal(["older@other.test", message.MessageId!], sent.References);
        Assert.Contains("> 본문", sent.TextBody, StringComparison.Ordinal);
        Assert.True(((await _mail.ReadAsync(SpecialUse.None)).Single().State.Flags & MessageFlags.Answered) != 0);
    }

    [Fact]
    public async Task Forward_keeps_attachments_and_pictures_and_names_nobody()
    {
        var builder = new BodyBuilder { HtmlBody = "<p>see <img src=\"cid:logo@x\"></p><script>alert(1)</script>" };
        var picture = builder.LinkedResources.Add("logo.png", [137, 80, 78, 71, 13, 10, 26, 10], ContentType.Parse("image/png"));
        picture.ContentId = "logo@x";
        builder.Attachments.Add("data.bin", new byte[1000]);
        var message = MailFixture.Message("Report");
        message.Body = builder.ToMessageBody();
        var uid = await _mail.ReceiveAsync(message);
        await using var store = await _mail.OpenAsync();
        var inbox = (await store.FindAsync("INBOX", default))!;
        var begun = await BeginAsync(store, new ComposeRequest(ComposeKind.Forward, inbox.Id.Value, uid.Value));
        Assert.Empty(begun.Content.To);
        Assert.Equal("Fwd: Report", begun.Content.Subject);
        Assert.DoesNotContain("script", begun.Content.Html, StringComparison.OrdinalIgnoreCase);

        await _mail.Delivery.SendAsync(_mail.Writer, store, begun.State.Id, begun.Content with { To = [new ComposeAddress("", "park@other.test")] }, default);
        var sent = _mail.Accepted.Single().Message;
        Assert.Equal("data.bin", sent.Attachments.Single().ContentDisposition!.FileName);
        var inline = sent.BodyParts.OfType<MimePart>().Single(part => part.ContentId is not null);
        Assert.Contains($"cid:{inline.ContentId}", sent.HtmlBody, StringComparison.Ordinal);
        Assert.DoesNotContain("/mail/compose/", sent.HtmlBody, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_size_limit_is_enforced_while_reading()
    {
        _mail.Settings.Set(_mail.Settings.Current with { Smtp = _mail.Settings.Current.Smtp with { MaximumMessageSize = 1024 * 1024 } });
        await using var store = await _mail.OpenAsync();
        var begun = await BeginAsync(store, new ComposeRequest(ComposeKind.New));
        var announced = new IncomingFile("big", false, _mail.Spool.Limit + 1, Stream.Null);
        await Refused.ByAsync(RefusalKind.TooLarge, () => _mail.Spool.AddAsync(_mail.Actor, begun.State.Id, announced, default));
        var lying = new IncomingFile("big", false, 10, new MemoryStream(new byte[_mail.Spool.Limit + 1]));
        await Refused.ByAsync(RefusalKind.TooLarge, () => _mail.Spool.AddAsync(_mail.Actor, begun.State.Id, lying, default));
        var exact = new IncomingFile("fits", false, 0, new MemoryStream(new byte[_mail.Spool.Limit]));
        await _mail.Spool.AddAsync(_mail.Actor, begun.State.Id, exact, default);
        await _mail.Delivery.SendAsync(_mail.Writer, store, begun.State.Id, Content("full", "x"), default);
        var file = Assert.IsAssignableFrom<MimePart>(_mail.Accepted.Single().Message.Attachments.Single());
        Assert.Equal(_mail.Spool.Limit, await DecodedAsync(file));
    }

    [Fact]
    public async Task Nothing_a_page_sends_breaks_a_header_or_leaves_the_folder()
    {
        await using var store = await _mail.OpenAsync();
        var begun = await BeginAsync(store, new ComposeRequest(ComposeKind.New));
        var evil = Content("hello\r\nBcc: victim@other.test", "x") with { To = [new ComposeAddress("a\r\nX-Evil: 1", "lee@other.test")] };
        await _mail.Delivery.SendAsync(_mail.Writer, store, begun.State.Id, evil, default);
        var sent = _mail.Accepted.Single().Message;
        Assert.DoesNotContain(sent.Headers, header => header.Field is "X-Evil" or "Bcc");
        await Refused.ByAsync(RefusalKind.NotFound, () => _mail.Spool.LoadAsync(_mail.Actor, "../../1", default));
        var upload = await AttachAsync((await BeginAsync(store, new ComposeRequest(ComposeKind.New))).State.Id, "../../etc/passwd\u202Etxt.exe", "x");
        Assert.Equal("passwdtxt.exe", upload.Name);
    }

    [Fact]
    public async Task A_restarted_server_goes_on_with_open_windows()
    {
        await using var store = await _mail.OpenAsync();
        var begun = await BeginAsync(store, new ComposeRequest(ComposeKind.New));
        await AttachAsync(begun.State.Id, "a.txt", "x");
        var fresh = new ComposeSpool(_mail.Run, _mail.Settings, TimeProvider.System);
        Assert.Single((await fresh.LoadAsync(_mail.Actor, begun.State.Id, default)).Uploads);
    }

    private static ComposeContent Content(string subject, string html) =>
        new() { To = [new ComposeAddress("이순신", "lee@other.test")], Subject = subject, Html = html };

    private static async Task<long> DecodedAsync(MimePart part)
    {
        using var decoded = new MemoryStream();
        await part.Content!.DecodeToAsync(decoded);
        return decoded.Length;
    }

    private Task<Begun> BeginAsync(IAccountStore store, ComposeRequest request) => _mail.Start.BeginAsync(_mail.Writer, store, request, default);

    private Task<Upload> AttachAsync(string id, string name, string text) =>
        _mail.Spool.AddAsync(_mail.Actor, id, new IncomingFile(name, false, 0, new MemoryStream(Encoding.UTF8.GetBytes(text))), default);
}
