using System.Net;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Accounts;

public sealed class AuthenticatorTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly IPAddress Stranger = IPAddress.Parse("198.51.100.7");
    private static readonly IPAddress Home = IPAddress.Parse("203.0.113.9");

    [Fact]
    public async Task Any_name_of_the_account_signs_in_and_is_announced()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var heard = new List<MailEvent>();
        using var subscription = system.Events.Subscribe(heard.Add);
        foreach (var name in new[] { "admin", "ADMIN", "admin@example.test", " Admin@EXAMPLE.test" })
        {
            Assert.True((await SignInAsync(system, name, SystemUnderTest.Password, Home)).IsAdministrator);
        }

        Assert.Equal(4, heard.OfType<SignInAttempted>().Count(attempt => attempt.Succeeded && attempt.Client == Home));
    }

    [Fact]
    public async Task Strangers_are_shut_out_after_failures_and_owners_are_not()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        await SignInAsync(system, "admin", SystemUnderTest.Password, Home);
        var limit = system.Settings.Current.Security.LockoutFailures;
        for (var i = 0; i < limit; i++)
        {
            await FailAsync(system, "admin", Stranger);
        }

        await Refused.ByAsync(RefusalKind.Throttled, () => SignInAsync(system, "admin", SystemUnderTest.Password, Stranger));
        await Refused.ByAsync(RefusalKind.Throttled, () => SignInAsync(system, "admin", SystemUnderTest.Password, IPAddress.Parse("192.0.2.1")));
        await SignInAsync(system, "admin", SystemUnderTest.Password, Home);

        system.Clock.Advance(TimeSpan.FromMinutes(system.Settings.Current.Security.LockoutMinutes));
        await SignInAsync(system, "admin", SystemUnderTest.Password, Stranger);
    }

    [Fact]
    public async Task The_laboratory_lifts_throttles_for_loopback_only()
    {
        await using var system = await SystemUnderTest.SetUpAsync(lab: true);
        for (var i = 0; i < 15; i++)
        {
            await Refused.ByAsync(RefusalKind.AuthenticationFailed, () => SignInAsync(system, "admin", "wrong", IPAddress.Loopback));
        }

        await SignInAsync(system, "admin", SystemUnderTest.Password, IPAddress.Loopback);
    }

    [Fact]
    public async Task A_deactivated_account_is_told_what_a_wrong_password_is_told()
    {
        await using var system = await SystemUnderTest.SetUpAsync(lab: true);
        var kim = await system.AddAsync("kim@example.test");
        await SignInAsync(system, "kim", SystemUnderTest.Password, IPAddress.Loopback);
        await system.Accounts.SetStateAsync(Actor.Operator, [kim.Id], AccountState.Deactivated, None);
        var deactivated = await Refused.ByAsync(RefusalKind.AuthenticationFailed, () => SignInAsync(system, "kim", SystemUnderTest.Password, IPAddress.Loopback));
        var unknown = await Refused.ByAsync(RefusalKind.AuthenticationFailed, () => SignInAsync(system, "nobody", SystemUnderTest.Password, IPAddress.Loopback));
        Assert.Equal(unknown, deactivated);
    }

    [Fact]
    public async Task Web_sessions_end_with_the_password_and_with_idleness()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var kim = await system.AddAsync("kim@example.test");
        var actor = Actor.ForAccount(kim.Id, kim.Name, false);
        var first = await system.Sessions.StartAsync(actor, Home, "Browser", None);
        Assert.Equal(kim.Id, (await system.Sessions.ResumeAsync(first, Home, None))?.Account);
        Assert.Null(await system.Sessions.ResumeAsync(first[..^1] + "x", Home, None));

        var ended = new List<long>();
        using var subscription = system.Sessions.OnEnded(ended.Add);
        var id = await system.Sessions.FindIdAsync(first, None);
        await system.Accounts.SetPasswordAsync(Actor.Operator, kim.Id, "Another-Good-1", None);
        Assert.Null(await system.Sessions.ResumeAsync(first, Home, None));
        Assert.Equal([id!.Value], ended);

        var second = await system.Sessions.StartAsync(actor, Home, "Browser", None);
        system.Clock.Advance(TimeSpan.FromMinutes(system.Settings.Current.Security.WebIdleMinutes - 1));
        Assert.NotNull(await system.Sessions.ResumeAsync(second, Home, None));
        system.Clock.Advance(TimeSpan.FromMinutes(system.Settings.Current.Security.WebIdleMinutes - 1));
        Assert.NotNull(await system.Sessions.ResumeAsync(second, Home, None));
        system.Clock.Advance(TimeSpan.FromMinutes(system.Settings.Current.Security.WebIdleMinutes + 1));
        Assert.Null(await system.Sessions.ResumeAsync(second, Home, None));
    }

    [Fact]
    public async Task Web_sessions_stay_as_long_as_the_setting_says()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var kim = await system.AddAsync("kim@example.test");
        await TurnAsync(system, security => security with { WebIdleMinutes = 5 });
        var token = await system.Sessions.StartAsync(Actor.ForAccount(kim.Id, kim.Name, false), Home, "Browser", None);
        system.Clock.Advance(TimeSpan.FromMinutes(4));
        Assert.NotNull(await system.Sessions.ResumeAsync(token, Home, None));
        await TurnAsync(system, security => security with { WebIdleMinutes = 60 });
        system.Clock.Advance(TimeSpan.FromMinutes(50));
        Assert.NotNull(await system.Sessions.ResumeAsync(token, Home, None));
        await TurnAsync(system, security => security with { WebIdleMinutes = 5 });
        system.Clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Null(await system.Sessions.ResumeAsync(token, Home, None));
    }

    [Fact]
    public async Task The_settings_say_how_many_failures_shut_out_and_for_how_long()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        await TurnAsync(system, security => security with { LockoutFailures = 3, LockoutMinutes = 2 });
        for (var i = 0; i < 3; i++)
        {
            await FailAsync(system, "admin", Stranger);
        }

        await Refused.ByAsync(RefusalKind.Throttled, () => SignInAsync(system, "admin", SystemUnderTest.Password, Stranger));
        system.Clock.Advance(TimeSpan.FromMinutes(2));
        await SignInAsync(system, "admin", SystemUnderTest.Password, Stranger);

        await TurnAsync(system, security => security with { LockoutFailures = 5, LockoutMinutes = 4 });
        for (var i = 0; i < 5; i++)
        {
            await FailAsync(system, "nobody", IPAddress.Parse("192.0.2.1"));
        }

        system.Clock.Advance(TimeSpan.FromMinutes(3));
        await Refused.ByAsync(RefusalKind.Throttled, () => SignInAsync(system, "nobody", "wrong", IPAddress.Parse("192.0.2.1")));
        system.Clock.Advance(TimeSpan.FromMinutes(1));
        await FailAsync(system, "nobody", IPAddress.Parse("192.0.2.1"));
    }

    [Fact]
    public async Task The_setting_says_how_short_a_password_may_be()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        await TurnAsync(system, security => security with { MinimumPasswordLength = 14 });
        var kim = await system.AddAsync("kim@example.test");
        var refused = await Refused.ByAsync(RefusalKind.Invalid, () => system.Accounts.SetPasswordAsync(Actor.Operator, kim.Id, "Short-Pass-13", None));
        Assert.Equal(("PasswordTooShort", "14"), (refused.TextKey, refused.Arguments[0]));
        await TurnAsync(system, security => security with { MinimumPasswordLength = 13 });
        await system.Accounts.SetPasswordAsync(Actor.Operator, kim.Id, "Short-Pass-13", None);
    }

    private static async Task TurnAsync(SystemUnderTest system, Func<SecuritySettings, SecuritySettings> turn) =>
        Assert.True((await system.SettingsOperations.SaveAsync(Actor.Operator, null, now => now with { Security = turn(now.Security) }, None)).IsSaved);

    private static Task<Actor> SignInAsync(SystemUnderTest system, string name, string password, IPAddress client) =>
        system.Authenticator.AuthenticateAsync(new PasswordCredential(name, password, "imap", client), None).AsTask();

    private static Task<Refusal> FailAsync(SystemUnderTest system, string name, IPAddress client) =>
        system.HeldBackAsync(() => Refused.ByAsync(RefusalKind.AuthenticationFailed, () => SignInAsync(system, name, "wrong", client)));
}
