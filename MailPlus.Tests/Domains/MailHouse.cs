using System.Net;
using System.Text;
using MailKit;
using MailKit.Net.Imap;
using MailKit.Net.Smtp;
using MailKit.Security;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Domains;
using MailPlus.Engine.Hosting;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Tests.Smtp.Client;
using MailPlus.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using MimeKit;

namespace MailPlus.Tests.Domains;

/// <summary>
/// The whole engine in this process on free ports, set up with d.test and the administrator root; what goes to other servers ends at <see cref="Outside"/>.
/// </summary>
internal sealed class MailHouse : IAsyncDisposable
{
    public const string Password = "Correct-Horse-9-Battery";

    private readonly string _folder = Directory.CreateTempSubdirectory("mailplus-house-").FullName;

    private MailHouse()
    {
    }

    /// <summary>Every other mail server there is.</summary>
    public ScriptedSmtpServer Outside { get; } = new();

    public EngineWiring Engine { get; private set; } = null!;

    /// <summary>d.test.</summary>
    public DomainId Domain { get; private set; }

    public static async Task<MailHouse> OpenAsync(params string[] users)
    {
        var house = new MailHouse();
        var free = new IPEndPoint(IPAddress.Loopback, 0);
        var off = new[] { "smtps", "imaps", "pop3", "pop3s", "sieve" };
        var run = new RunOptions
        {
            DataFolder = house._folder,
            LoopbackLab = true,
            Listeners = new[] { "smtp", "submission", "imap" }.ToDictionary(name => name, _ => (IPEndPoint?)free).Concat(off.ToDictionary(name => name, _ => (IPEndPoint?)null)).ToDictionary(),
        };
        house.Engine = await EngineWiring.OpenAsync(run, NullLoggerFactory.Instance, TimeProvider.System, default);
        await house.Engine.Setup.ApplyAsync(new SetupRequest("mail.d.test", "d.test", "root", Password), default);
        await house.SetAsync(settings => settings with
        {
            Delivery = settings.Delivery with { RelayHost = "127.0.0.1", RelayPort = house.Outside.EndPoint.Port, RelaySecurity = RelaySecurity.None },
            MailAuth = settings.MailAuth with { ExemptNetworks = ["127.0.0.0/8"] },
        });
        house.Domain = (await house.Engine.Domains.ListAsync(Actor.Operator, new DomainQuery(), default)).Rows[0].Id;
        await house.Engine.Host.StartAsync(default);
        foreach (var user in users)
        {
            await house.AddAsync(user);
        }

        return house;
    }

    public Task<Account> AddAsync(string user) =>
        Engine.Accounts.CreateAsync(Actor.Operator, new NewAccount(EmailAddress.Parse(user.Contains('@', StringComparison.Ordinal) ? user : $"{user}@d.test"), Password), default);

    public async Task<DomainId> AddDomainAsync(string name) => (await Engine.Domains.AddAsync(Actor.Operator, new NewDomain(DomainName.Parse(name)), default)).Id;

    public async Task SetAsync(Func<SettingsSnapshot, SettingsSnapshot> change)
    {
        var outcome = await Engine.SettingsOperations.SaveAsync(Actor.Operator, null, change, default);
        Xunit.Assert.Empty(outcome.Refusals);
    }

    /// <summary>A message from elsewhere by port 25. Returns the replies to each recipient, and the one to the message when there was an accepted one.</summary>
    public async Task<IReadOnlyList<string>> ArriveAsync(string from, string[] to, string? text = null)
    {
        using var wire = await WireClient.ConnectAsync(Port("smtp"));
        var replies = new List<string>();
        await wire.ReadReplyAsync();
        await AskAsync("EHLO far.test");
        await AskAsync($"MAIL FROM:<{from}>{(to.All(one => one.All(char.IsAscii)) ? "" : " SMTPUTF8")}");
        foreach (var recipient in to)
        {
            replies.Add(await AskAsync($"RCPT TO:<{recipient}>"));
        }

        if (replies.Exists(reply => reply.StartsWith("250", StringComparison.Ordinal)))
        {
            await AskAsync("DATA");
            await wire.SendAsync(Encoding.UTF8.GetBytes((text ?? $"From: {from}\r\nTo: undisclosed:;\r\nSubject: hello\r\nMessage-ID: <{Guid.NewGuid():N}@far.test>\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\n\r\nbody\r\n") + ".\r\n"));
            replies.Add(await wire.ReadReplyAsync() ?? "closed");
        }

        return replies;

        async Task<string> AskAsync(string line)
        {
            await wire.SendAsync(Encoding.UTF8.GetBytes(line + "\r\n"));
            return await wire.ReadReplyAsync() ?? "closed";
        }
    }

    /// <summary>A message of a signed-in user, written by MailKit. The exception of a refusal comes through.</summary>
    public async Task SendAsync(string user, string[] to, Action<MimeMessage>? write = null, string? from = null)
    {
        var message = new MimeMessage([new MailboxAddress("", from ?? $"{user}@d.test")], [], "hello", new TextPart("plain") { Text = "body\r\n" });
        message.To.AddRange(to.Select(one => MailboxAddress.Parse(one)));
        write?.Invoke(message);
        using var smtp = new SmtpClient();
        await smtp.ConnectAsync("127.0.0.1", Port("submission"), SecureSocketOptions.None);
        await smtp.AuthenticateAsync(user, Password);
        await smtp.SendAsync(message, new MailboxAddress("", from ?? $"{user}@d.test"), to.Select(one => MailboxAddress.Parse(one)));
        await smtp.DisconnectAsync(true);
    }

    /// <summary>Waits until nothing is under way any more.</summary>
    public Task SettleAsync() => Eventually.TrueAsync(async () => (await Engine.Queue.ListAsync(Actor.Operator, new Engine.Delivery.QueueQuery(), default)).Total == 0, () => "the queue is empty");

    /// <summary>What lies in a user's INBOX, read by IMAP once the queue is empty.</summary>
    public async Task<IReadOnlyList<MimeMessage>> InboxAsync(string user)
    {
        await SettleAsync();
        using var imap = new ImapClient();
        await imap.ConnectAsync("127.0.0.1", Port("imap"), SecureSocketOptions.None);
        await imap.AuthenticateAsync(user, Password);
        await imap.Inbox!.OpenAsync(FolderAccess.ReadOnly);
        var found = new List<MimeMessage>();
        for (var i = 0; i < imap.Inbox.Count; i++)
        {
            found.Add(await imap.Inbox.GetMessageAsync(i));
        }

        await imap.DisconnectAsync(true);
        return found;
    }

    /// <summary>What left to other servers, once the queue is empty.</summary>
    public async Task<IReadOnlyList<string>> LeftAsync()
    {
        await SettleAsync();
        return [.. Outside.Messages];
    }

    /// <summary>Recipients that other servers were told, once the queue is empty.</summary>
    public async Task<IReadOnlyList<string>> LeftToAsync()
    {
        await SettleAsync();
        return [.. Outside.Commands.Where(line => line.StartsWith("RCPT TO:<", StringComparison.OrdinalIgnoreCase)).Select(line => line[9..line.IndexOf('>', StringComparison.Ordinal)])];
    }

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        await Outside.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>The port of a listener.</summary>
    public int Port(string listener) => Engine.Listeners.States.Single(state => state.Name == listener).Bound[0].Port;
}
