using System.Text;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using Xunit;

namespace MailPlus.Tests.Store;

/// <summary>Scripts of an account and what they remember.</summary>
public abstract partial class MailStoreContract
{
    [SkippableFact]
    public async Task Scripts_are_kept_and_only_active_ones_have_a_say()
    {
        await using (var mail = await OpenAsync())
        {
            Assert.False(mail.Scripts.Runs);
            await mail.ChangeScriptsAsync(_ => [Script("b", "keep;"), Script("a", "stop;"), new StoredScript(ScriptKind.Personal, "", Octets("{}"), false)], default);
            Assert.False(mail.Scripts.Runs);
            Assert.Equal(["a", "b", ""], (await mail.ScriptsAsync(default)).Select(script => script.Name));
            var before = mail.Scripts.Version;
            await mail.ChangeScriptsAsync(all => [.. all.Select(script => script with { IsActive = script.Name == "a" })], default);
            Assert.True(mail.Scripts.Runs && mail.Scripts.Version != before);
        }

        await CrashAsync();
        await using var again = await OpenAsync();
        Assert.True(again.Scripts.Runs);
        Assert.Equal("stop;", Encoding.UTF8.GetString(Assert.Single(await again.ScriptsAsync(default), script => script.IsActive).Text.Span));
        var known = again.Scripts;
        await again.ChangeScriptsAsync(all => [.. all, new StoredScript(ScriptKind.Problem, "", Octets("x"), false)], default);
        Assert.Equal(known, again.Scripts);
        await Assert.ThrowsAsync<RefusedException>(() => again.ChangeScriptsAsync(_ => throw new RefusedException(new Refusal(RefusalKind.Conflict, "ScriptIsActive")), default));
        await again.ChangeScriptsAsync(all => [.. all.Where(script => script.Name == "b")], default);
        Assert.False(again.Scripts.Runs);
        Assert.Equal("b", Assert.Single(await again.ScriptsAsync(default)).Name);
    }

    [SkippableFact]
    public async Task What_scripts_remember_outlives_a_crash_and_expires()
    {
        var (soon, past) = (new Instant(long.MaxValue / 2), new Instant(1));
        await using (var mail = await OpenAsync())
        {
            await mail.RememberAsync([new ScriptMemory(Octets("one"), soon, new EntryId(5)), new ScriptMemory(Octets("two"), past, new EntryId(5))], default);
        }

        await CrashAsync();
        await using var again = await OpenAsync();
        Assert.Equal(new EntryId(5), (await again.RecallAsync(Octets("one"), default))?.Entry);
        Assert.Null(await again.RecallAsync(Octets("two"), default));
        await again.RememberAsync([new ScriptMemory(Octets("one"), soon, new EntryId(6))], default);
        Assert.Equal(new EntryId(6), (await again.RecallAsync(Octets("one"), default))?.Entry);
    }

    private static StoredScript Script(string name, string text) => new(ScriptKind.Script, name, Octets(text), false);

    private static byte[] Octets(string text) => Encoding.UTF8.GetBytes(text);
}
