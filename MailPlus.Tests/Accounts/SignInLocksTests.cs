using System.Net;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Accounts.Credentials;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Accounts;

public sealed class SignInLocksTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly IPAddress Stranger = IPAddress.Parse("2001:db8:1:2:3::4");

    [Fact]
    public async Task Each_failure_after_the_limit_doubles_the_wait()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var security = system.Settings.Current.Security;
        for (var i = 0; i < security.LockoutFailures; i++)
        {
            await FailAsync(system);
        }

        for (var round = 0; round < 3; round++)
        {
            var held = List(system).First(held => held.Subject.Kind == SignInSubjectKind.Account);
            Assert.Equal(security.LockoutFailures + round, held.Failures);
            var wait = held.ShutUntil!.Value.Microseconds - held.Last.Microseconds;
            Assert.Equal(security.LockoutMinutes * 60_000_000L << round, wait);
            system.Clock.Advance(TimeSpan.FromMicroseconds(wait));
            Assert.Null(List(system)[0].ShutUntil);
            await FailAsync(system);
        }
    }

    [Fact]
    public async Task A_quiet_spell_lets_everything_be_forgotten()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        for (var i = 0; i < system.Settings.Current.Security.LockoutFailures; i++)
        {
            await FailAsync(system);
        }

        system.Clock.Advance(2 * TimeSpan.FromMinutes(system.Settings.Current.Security.LockoutMinutes));
        Assert.Empty(List(system));
        await FailAsync(system);
        Assert.All(List(system), held => Assert.Equal(1, held.Failures));
    }

    [Fact]
    public async Task An_administrator_sees_and_releases_accounts_and_addresses()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        for (var i = 0; i < system.Settings.Current.Security.LockoutFailures; i++)
        {
            await FailAsync(system);
        }

        var held = List(system);
        Assert.Equal([new SignInSubject(SignInSubjectKind.Account, "admin"), new SignInSubject(SignInSubjectKind.Address, "2001:db8:1:2::/64")], held.Select(h => h.Subject).OrderBy(s => s.Kind));
        Assert.All(held, h => Assert.NotNull(h.ShutUntil));
        Assert.Single(system.Locks.List(Actor.Operator, new SignInLockQuery { Search = "ADM" }).Rows);

        var nobody = Actor.ForAccount(new AccountId(99), "nobody", false);
        await Refused.ByAsync(RefusalKind.NotAllowed, () => Task.FromResult(system.Locks.List(nobody, new SignInLockQuery())));
        await Refused.ByAsync(RefusalKind.NotAllowed, () => system.Locks.ReleaseAsync(nobody, [held[0].Subject], None));

        Assert.Equal(2, await system.Locks.ReleaseAsync(Actor.Operator, [.. held.Select(h => h.Subject), new SignInSubject(SignInSubjectKind.Account, "other")], None));
        Assert.Empty(List(system));
        await system.Authenticator.AuthenticateAsync(new PasswordCredential("admin", SystemUnderTest.Password, "imap", Stranger), None);
        Assert.Equal(2, (await system.OutboxAsync()).OfType<AdminActed>().Count(act => act.Action == "SignInReleased"));
    }

    private static IReadOnlyList<SignInLock> List(SystemUnderTest system) => system.Locks.List(Actor.Operator, new SignInLockQuery()).Rows;

    private static Task<Refusal> FailAsync(SystemUnderTest system) => system.HeldBackAsync(() => Refused.ByAsync(
        RefusalKind.AuthenticationFailed, () => system.Authenticator.AuthenticateAsync(new PasswordCredential("admin", "wrong", "imap", Stranger), None).AsTask()));
}
