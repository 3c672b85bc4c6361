using System.Net;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Primitives;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Accounts;

/// <summary>Passwords of mail programs, and who signed in or tried to.</summary>
public sealed class AppPasswordTests
{
    private static readonly IPAddress Home = IPAddress.Parse("192.0.2.9");

    [Fact]
    public async Task It_signs_in_to_mail_but_not_to_the_web_until_it_is_revoked()
    {
        await using var system = await SystemUnderTest.SetUpAsync(lab: true);
        var kim = (await system.AddAsync("kim@example.test")).Id;
        var lee = (await system.AddAsync("lee@example.test")).Id;
        var own = Actor.ForAccount(kim, "kim", false);
        var text = await system.AppPasswords.AddAsync(own, kim, "Phone", default);
        Assert.Matches("^[a-z2-9]{4}(-[a-z2-9]{4}){3}$", text);
        foreach (var protocol in new[] { "imap", "pop3", "smtp" })
        {
            Assert.Equal(kim, (await SignInAsync(system, IPAddress.Loopback, "kim", text, protocol)).Account);
        }

        Assert.Equal(kim, (await SignInAsync(system, IPAddress.Loopback, "kim@example.test", text.Replace("-", " ", StringComparison.Ordinal).ToUpperInvariant(), "imap")).Account);
        await Refused.ByAsync(RefusalKind.AuthenticationFailed, () => SignInAsync(system, IPAddress.Loopback, "kim", text, "web"));
        await Refused.ByAsync(RefusalKind.AuthenticationFailed, () => SignInAsync(system, IPAddress.Loopback, "lee", text, "imap"));
        Assert.Equal(kim, (await SignInAsync(system, IPAddress.Loopback, "kim", SystemUnderTest.Password, "imap")).Account);
        await Refused.ByAsync(RefusalKind.NotAllowed, () => system.AppPasswords.ListAsync(own, lee, default));
        await Refused.ByAsync(RefusalKind.NotAllowed, () => system.AppPasswords.AddAsync(own, lee, "x", default));
        await Refused.ByAsync(RefusalKind.Invalid, () => system.AppPasswords.AddAsync(own, kim, " ", default));

        var listed = (await system.AppPasswords.ListAsync(own, kim, default)).Single();
        await Refused.ByAsync(RefusalKind.NotFound, () => system.AppPasswords.RemoveAsync(Actor.Operator, lee, listed.Id, default));
        await system.AppPasswords.RemoveAsync(own, kim, listed.Id, default);
        await Refused.ByAsync(RefusalKind.AuthenticationFailed, () => SignInAsync(system, IPAddress.Loopback, "kim", text, "imap"));
    }

    [Fact]
    public async Task Its_last_use_and_all_sign_ins_are_noted_and_alike_ones_share_a_row()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var kim = (await system.AddAsync("kim@example.test")).Id;
        var text = await system.AppPasswords.AddAsync(Actor.Operator, kim, "Phone", default);
        using var stop = new CancellationTokenSource();
        var journal = new SignInJournal(system.Database, system.Events, system.Clock).RunAsync(stop.Token);
        await SignInAsync(system, Home, "kim", text, "imap");
        system.Clock.Advance(TimeSpan.FromSeconds(1));
        await SignInAsync(system, Home, "kim", text, "imap");
        await SignInAsync(system, Home, "kim", SystemUnderTest.Password, "smtp");
        await Refused.ByAsync(RefusalKind.AuthenticationFailed, () => SignInAsync(system, Home, "kim", "wrong", "imap"));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => journal);

        var used = (await system.AppPasswords.ListAsync(Actor.Operator, kim, default)).Single();
        Assert.Equal((Instant.Now(system.Clock), "imap", "192.0.2.9"), (used.LastUsed!.Value, used.LastProtocol, used.LastAddress));
        var history = await system.AppPasswords.HistoryAsync(Actor.Operator, kim, default);
        Assert.Equal(
            new[] { ("imap", "", 1L, false), ("imap", "Phone", 2L, true), ("smtp", "", 1L, true) },
            history.Select(entry => (entry.Protocol, entry.Credential, entry.Count, entry.Succeeded)).Order());
        await Refused.ByAsync(RefusalKind.NotAllowed, () => system.AppPasswords.HistoryAsync(Actor.ForAccount(new AccountId(99), "x", false), kim, default));
    }

    // Security.PasswordKinds
    [Theory]
    [InlineData(1, "longlongpassword", true)]
    [InlineData(2, "longlongpassword", false)]
    [InlineData(2, "longlong1password", true)]
    [InlineData(3, "longlong1password", false)]
    [InlineData(4, "Longlong1password", false)]
    [InlineData(4, "Longlong1 password", true)]
    public async Task A_new_password_holds_as_many_kinds_of_characters_as_the_setting_says(int kinds, string password, bool isGood)
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        await system.SettingsOperations.SaveAsync(Actor.Operator, null, snapshot => snapshot with { Security = snapshot.Security with { PasswordKinds = kinds } }, default);
        var work = () => system.Accounts.CreateAsync(Actor.Operator, new NewAccount(EmailAddress.Parse("kim@example.test"), password), default);
        if (isGood)
        {
            await work();
        }
        else
        {
            Assert.Equal("PasswordTooPlain", (await Refused.ByAsync(RefusalKind.Invalid, work)).TextKey);
        }
    }

    private static async Task<Actor> SignInAsync(SystemUnderTest system, IPAddress client, string name, string password, string protocol) =>
        await system.Authenticator.AuthenticateAsync(new PasswordCredential(name, password, protocol, client), default);
}
