using System.Text;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Search;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Engine.Store.Contract;
using MailPlus.Tests.Imap;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Search;

/// <summary>The full-text index beside the real store (design 2): it follows, it recovers, and nobody depends on it.</summary>
public sealed class SearchIndexTests
{
    private static readonly SearchOptions Quick = new() { Gathering = TimeSpan.FromMilliseconds(5), RestAfterFailure = TimeSpan.FromMilliseconds(50), LeastFreeOctets = 0 };

    [Theory]
    [InlineData(false, 64 * 1024 * 1024)]
    [InlineData(true, 64 * 1024 * 1024)]
    [InlineData(false, 2)]
    public async Task Search_with_the_index_finds_what_reading_finds(bool byCharacter, long vocabulary)
    {
        await using var server = await ImapUnderTest.StartAsync(settings: With(byCharacter), search: Quick with { VocabularyOctets = vocabulary });
        var mail = new RandomMail(byCharacter ? 11 : 12);
        var writer = await SearchClient.StartAsync(server, withIndex: false);
        for (var i = 0; i < 60; i++)
        {
            await writer.AppendAsync(mail.Message(i));
        }

        await server.IndexedAsync();
        await CompareAsync(server, mail, 40);

        // Some go, some move, some come while nobody indexes.
        await writer.DoAsync("UID MOVE 5:8,20 Archive");
        await writer.DoAsync("UID COPY 10:12 INBOX");
        await writer.DoAsync("UID STORE 30:33 +FLAGS (\\Deleted)");
        await writer.DoAsync("EXPUNGE");
        await server.IndexedAsync();
        var index = server.Index;
        server.Settings.Set(server.Settings.Current);
        await server.StopIndexAsync();
        for (var i = 60; i < 70; i++)
        {
            await writer.AppendAsync(mail.Message(i));
        }

        server.StartIndex();
        Assert.NotSame(index, server.Index);
        await CompareAsync(server, mail, 15);
        await CompareAsync(server, mail, 10, "Archive");
    }

    [Fact]
    public async Task Rare_words_come_from_the_index_without_reading_and_later_mail_is_read()
    {
        await using var server = await ImapUnderTest.StartAsync(search: Quick);
        var client = await SearchClient.StartAsync(server, withIndex: true);
        await client.AppendAsync(Plain("one", "alpha needlexenolith omega"));
        await client.AppendAsync(Plain("two", "nothing"));
        await server.IndexedAsync();
        var answers = await AskAsync(server, new TextQuestion(TextScope.Body, "", "XENO"));
        Assert.Equal(2u, answers!.Through);
        Assert.True(answers.Answers[0]!.IsExact);
        Assert.Equal(new uint[] { 1u }, answers.Answers[0]!.Uids);

        await server.StopIndexAsync();
        await client.AppendAsync(Plain("three", "another needlexenolith"));
        Assert.Equal("* SEARCH 1 3", await (await SearchClient.StartAsync(server, withIndex: true)).SearchAsync("BODY needlexeno"));
    }

    [Fact]
    public async Task Copies_moves_and_expunges_are_followed()
    {
        await using var server = await ImapUnderTest.StartAsync(search: Quick);
        var client = await SearchClient.StartAsync(server, withIndex: true);
        for (var i = 0; i < 4; i++)
        {
            await client.AppendAsync(Plain($"m{i}", "common"));
        }

        await client.DoAsync("UID COPY 1 Archive");
        await client.DoAsync("UID MOVE 2 Archive");
        await client.DoAsync("UID STORE 3 +FLAGS (\\Deleted)");
        await client.DoAsync("EXPUNGE");
        await server.IndexedAsync();
        Assert.Equal(new uint[] { 1u, 4u }, (await AskAsync(server, new TextQuestion(TextScope.Text, "", "common")))!.Answers[0]!.Uids);
        Assert.Equal(new uint[] { 1u, 2u }, (await AskAsync(server, new TextQuestion(TextScope.Text, "", "common"), "Archive"))!.Answers[0]!.Uids);

        await client.DoAsync("DELETE Archive");
        await client.DoAsync("CREATE Archive");
        await client.AppendAsync(Plain("new", "fresh"), "Archive");
        await server.IndexedAsync();
        var answers = await AskAsync(server, new TextQuestion(TextScope.Text, "", "common"), "Archive");
        Assert.Empty(answers!.Answers[0]!.Uids);
        Assert.Equal(1u, answers.Through);
    }

    [Theory]
    [InlineData("remove")]
    [InlineData("cut")]
    [InlineData("flip")]
    [InlineData("empty")]
    public async Task A_lost_or_damaged_index_is_made_anew(string damage)
    {
        await using var server = await ImapUnderTest.StartAsync(search: Quick);
        var client = await SearchClient.StartAsync(server, withIndex: false);
        for (var i = 0; i < 10; i++)
        {
            await client.AppendAsync(Plain($"m{i}", $"word{i} common"));
        }

        await server.IndexedAsync();
        await server.StopIndexAsync();
        Spoil(server.IndexFolder, damage);
        server.StartIndex();
        var searcher = await SearchClient.StartAsync(server, withIndex: true);
        Assert.Equal("* SEARCH 4", await searcher.SearchAsync("TEXT word3"));
        await Eventually.TrueAsync(
            async () => (await AskAsync(server, new TextQuestion(TextScope.Body, "", "word3")))?.Answers[0]!.Uids is [4u], () => $"indexed again: {server.Index!.Status}");
        Assert.Equal("* SEARCH 4", await searcher.SearchAsync("TEXT word3"));
        Assert.Equal(damage == "remove" ? 0 : 1, Math.Min(1, server.Index!.Status.Rebuilds));
    }

    [Fact]
    public async Task A_restored_account_is_indexed_again()
    {
        await using var server = await ImapUnderTest.StartAsync(search: Quick);
        var client = await SearchClient.StartAsync(server, withIndex: false);
        await client.AppendAsync(Plain("kept", "early"));
        var copy = Path.Combine(server.AccountsFolder, "copy");
        await server.Store.CopyToAsync(ImapUnderTest.Kim, copy, default);
        await client.AppendAsync(Plain("lost", "late"));
        await server.IndexedAsync();
        Assert.Equal(new uint[] { 2u }, (await AskAsync(server, new TextQuestion(TextScope.Body, "", "late")))!.Answers[0]!.Uids);

        await client.DoAsync("LOGOUT");
        await server.SessionsAsync();
        await server.Store.DeleteAsync(ImapUnderTest.Kim, default);
        Directory.Move(copy, Path.Combine(server.AccountsFolder, ImapUnderTest.Kim.ToString()));
        var again = await SearchClient.StartAsync(server, withIndex: true);
        Assert.Equal("* SEARCH", await again.SearchAsync("BODY late"));
        Assert.Equal("* SEARCH 1", await again.SearchAsync("BODY early"));
        await Eventually.TrueAsync(
            async () => await AskAsync(server, new TextQuestion(TextScope.Body, "", "late"), "INBOX") is { Through: 1 } answers && answers.Answers[0]!.Uids.Length == 0, () => "re-indexed");
    }

    [Fact]
    public async Task A_deleted_account_leaves_nothing()
    {
        await using var server = await ImapUnderTest.StartAsync(search: Quick with { Shards = 1 }, withColleagues: true);
        await (await SearchClient.StartAsync(server, withIndex: false, name: "ann")).AppendAsync(Plain("x", "secretword"));
        await server.IndexedAsync();
        await server.Store.DeleteAsync(new AccountId(8), default);
        server.Index!.Forget(new AccountId(8));
        var inbox = await InboxAsync(server, "INBOX");
        await Eventually.TrueAsync(() => Task.FromResult(server.Index.Ask(new AccountId(8), inbox, [new TextQuestion(TextScope.Text, "", "secretword")]) is null), () => "forgotten");
    }

    /// <summary>DEL-033: off removes the index and searches read; on makes it again.</summary>
    [Fact]
    public async Task Setting_Enabled_is_obeyed()
    {
        await using var server = await ImapUnderTest.StartAsync(search: Quick);
        var client = await SearchClient.StartAsync(server, withIndex: true);
        await client.AppendAsync(Plain("one", "needle"));
        await server.IndexedAsync();
        server.Settings.Set(new SettingsSnapshot { Search = new SearchSettings { Enabled = false } });
        await Eventually.TrueAsync(() => Task.FromResult(!Directory.Exists(server.IndexFolder) && server.Index!.Status.Condition == SearchCondition.Off), () => "the index is gone");
        await client.AppendAsync(Plain("two", "needle"));
        Assert.Equal("* SEARCH 1 2", await client.SearchAsync("BODY needle"));
        Assert.Null(await AskAsync(server, new TextQuestion(TextScope.Body, "", "needle")));

        server.Settings.Set(new SettingsSnapshot());
        await Eventually.TrueAsync(async () => (await AskAsync(server, new TextQuestion(TextScope.Body, "", "needle")))?.Answers[0]!.Uids is [1u, 2u], () => "made again");
    }

    /// <summary>DEL-035: on, a character inside a longer word is found; off, whole words only. The exact keys of IMAP find it either way.</summary>
    [Theory]
    [InlineData("서", "견적서를 보냅니다")]
    [InlineData("本", "日本語です")]
    public async Task Setting_CharacterSearch_is_obeyed(string character, string text)
    {
        await using var server = await ImapUnderTest.StartAsync(settings: With(byCharacter: false), search: Quick);
        var client = await SearchClient.StartAsync(server, withIndex: true);
        await client.AppendAsync(Plain("one", text));
        await server.IndexedAsync();
        Assert.Equal("* SEARCH", await client.SearchAsync($"FUZZY BODY {SearchClient.Literal(character)}"));
        Assert.Equal("* SEARCH 1", await client.SearchAsync($"BODY {SearchClient.Literal(character)}"));

        server.Settings.Set(With(byCharacter: true));
        await Eventually.TrueAsync(async () => (await AskAsync(server, new TextQuestion(TextScope.Body, "", character)))?.Answers[0]!.Uids is [1u], () => "made anew");
        var later = await SearchClient.StartAsync(server, withIndex: true);
        Assert.Equal("* SEARCH 1", await later.SearchAsync($"FUZZY BODY {SearchClient.Literal(character)}"));
        Assert.Equal("* SEARCH 1", await later.SearchAsync($"BODY {SearchClient.Literal(character)}"));
    }

    [Fact]
    public async Task No_more_shards_are_open_than_may_be()
    {
        await using var server = await ImapUnderTest.StartAsync(search: Quick with { Shards = 3, OpenShards = 1 }, withColleagues: true);
        foreach (var name in new[] { "kim", "ann", "bob" })
        {
            await (await SearchClient.StartAsync(server, withIndex: false, name: name)).AppendAsync(Plain(name, $"of{name}"));
        }

        await server.IndexedAsync();
        foreach (var name in new[] { "kim", "ann", "bob" })
        {
            Assert.Equal("* SEARCH 1", await (await SearchClient.StartAsync(server, withIndex: true, name: name)).SearchAsync($"TEXT of{name}"));
            Assert.InRange(server.Index!.OpenShards, 0, 1);
        }
    }

    [Fact]
    public async Task A_full_disk_stops_the_index_and_nothing_else()
    {
        var isFull = false;
        var options = Quick with { OpenFolder = folder => new FillableFolder(new DirectoryInfo(folder), () => Volatile.Read(ref isFull)), CommitMessages = 1 };
        await using var server = await ImapUnderTest.StartAsync(search: options);
        var client = await SearchClient.StartAsync(server, withIndex: true);
        await client.AppendAsync(Plain("one", "needle"));
        await server.IndexedAsync();
        Volatile.Write(ref isFull, true);
        await client.AppendAsync(Plain("two", "needle"));
        await Eventually.TrueAsync(() => Task.FromResult(server.Index!.Status.Condition == SearchCondition.Failing), () => $"failing: {server.Index!.Status}");
        Assert.Contains("full", server.Index!.Status.Problem, StringComparison.Ordinal);
        Assert.Equal("* SEARCH 1 2", await client.SearchAsync("BODY needle"));

        Volatile.Write(ref isFull, false);
        await Eventually.TrueAsync(async () => (await AskAsync(server, new TextQuestion(TextScope.Body, "", "needle")))?.Answers[0]!.Uids is [1u, 2u], () => $"goes on: {server.Index!.Status}");
        await server.IndexedAsync();
    }

    [Fact]
    public async Task The_last_of_the_disk_is_left_to_the_mail()
    {
        await using var server = await ImapUnderTest.StartAsync(search: Quick with { LeastFreeOctets = long.MaxValue });
        var client = await SearchClient.StartAsync(server, withIndex: true);
        await client.AppendAsync(Plain("one", "needle"));
        await Eventually.TrueAsync(() => Task.FromResult(server.Index!.Status.Problem.Contains("free", StringComparison.Ordinal)), () => $"failing: {server.Index!.Status}");
        Assert.Equal("* SEARCH 1", await client.SearchAsync("BODY needle"));
    }

    private static SettingsSnapshot With(bool byCharacter) => new() { Search = new SearchSettings { CharacterSearch = byCharacter } };

    private static byte[] Plain(string subject, string text) =>
        Encoding.UTF8.GetBytes($"From: a@example.net\r\nSubject: {subject}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n");

    private static async Task<Mailbox> InboxAsync(ImapUnderTest server, string name)
    {
        await using var mail = await server.Store.OpenAsync(ImapUnderTest.Kim, default);
        return (await mail.FindAsync(name, default))!;
    }

    // ACC-69
    [Fact]
    public async Task ACC_B18_mail_of_whom_a_policy_takes_out_is_not_indexed_and_a_search_still_finds_it()
    {
        await using var server = await ImapUnderTest.StartAsync(search: Quick);
        var client = await SearchClient.StartAsync(server, withIndex: true);
        await client.AppendAsync(Plain("header search", "needlexenolith"));
        await server.IndexedAsync();
        Assert.NotNull(await AskAsync(server, new TextQuestion(TextScope.Text, "", "needle")));

        server.Unindexed = [ImapUnderTest.Kim];
        server.Index!.Include(ImapUnderTest.Kim, isIncluded: false);
        Assert.Null(await AskAsync(server, new TextQuestion(TextScope.Text, "", "needle")));
        await client.AppendAsync(Plain("header search", "another needlexenolith"));
        await server.IndexedAsync();
        Assert.Equal("* SEARCH 1 2", await client.SearchAsync("SUBJECT \"header\""));
        Assert.Equal("* SEARCH 1 2", await client.SearchAsync("BODY needlexeno"));

        server.Unindexed = [];
        Assert.Null(await AskAsync(server, new TextQuestion(TextScope.Text, "", "needle"))); // its text is gone, not only out of sight
        server.Index.Include(ImapUnderTest.Kim, isIncluded: true);
        await Eventually.TrueAsync(
            async () => await AskAsync(server, new TextQuestion(TextScope.Body, "", "xeno")) is { Through: 2 } answers && answers.Answers[0]!.Uids.Length == 2, () => "it is indexed again");
    }

    private static async Task<MailboxAnswers?> AskAsync(ImapUnderTest server, TextQuestion question, string mailbox = "INBOX") =>
        server.Index!.Ask(ImapUnderTest.Kim, await InboxAsync(server, mailbox), [question]);

    private static void Spoil(string folder, string damage)
    {
        if (damage == "remove")
        {
            Directory.Delete(folder, recursive: true);
            return;
        }

        foreach (var file in Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Where(file => Path.GetFileName(file)[0] == '_'))
        {
            var octets = File.ReadAllBytes(file);
            switch (damage)
            {
                case "cut":
                    octets = octets[..(octets.Length / 2)];
                    break;
                case "empty":
                    octets = [];
                    break;
                default:
                    octets[octets.Length / 2] ^= 0x55;
                    break;
            }

            File.WriteAllBytes(file, octets);
        }
    }

    private static async Task CompareAsync(ImapUnderTest server, RandomMail mail, int needles, string mailbox = "INBOX")
    {
        var reading = await SearchClient.StartAsync(server, withIndex: false, mailbox);
        var indexed = await SearchClient.StartAsync(server, withIndex: true, mailbox);
        for (var i = 0; i < needles; i++)
        {
            var (one, other) = (SearchClient.Literal(mail.Needle(mail.Text(4))), SearchClient.Literal(mail.Needle(mail.Text(4))));
            string[] keys =
            [
                $"TEXT {one}", $"BODY {one}", $"SUBJECT {one}", $"FROM {one}", $"HEADER X-Note {one}", $"NOT TEXT {one} UNDELETED", $"OR SUBJECT {one} BODY {other}",
                $"BODY {one} SUBJECT {other}", $"FUZZY TEXT {one}", $"FUZZY SUBJECT {other}", $"UID 1:40 TEXT {other}", "HEADER X-Note \"\"", $"TEXT \"{i}.abc@exam\"", "TEXT \"subject: \"",
            ];
            foreach (var key in keys)
            {
                var (expected, found) = (await reading.SearchAsync(key), await indexed.SearchAsync(key));
                Assert.True(expected == found, $"{key}: reading found {expected}, the index {found}");
            }
        }
    }

    /// <summary>A folder whose disk may be full.</summary>
    private sealed class FillableFolder(DirectoryInfo folder, Func<bool> isFull) : Lucene.Net.Store.MMapDirectory(folder, Lucene.Net.Store.NoLockFactory.GetNoLockFactory())
    {
        public override Lucene.Net.Store.IndexOutput CreateOutput(string name, Lucene.Net.Store.IOContext context) =>
            isFull() ? throw new IOException("the disk is full") : base.CreateOutput(name, context);
    }
}
