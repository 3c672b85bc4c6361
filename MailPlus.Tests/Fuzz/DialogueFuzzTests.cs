using System.Diagnostics;
using MailPlus.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace MailPlus.Tests.Fuzz;

/// <summary>Mutated SMTP, IMAP and POP3 dialogues: no fault in the log, no hang, replies of right form, and no memory that stays behind.</summary>
[Collection(FuzzCollection.Name)]
public sealed class DialogueFuzzTests(FuzzServer fuzz, ITestOutputHelper log)
{
    private const int AtOnce = 4;

    [Fact]
    public Task Fifteen_hundred_mutated_dialogues() => RunAsync(1_500, firstSeed: 1);

    [Fact]
    [Trait("Set", "Long")]
    public Task Ten_thousand_mutated_dialogues_and_more() => RunAsync(10_000, firstSeed: 1_000_000, FuzzTime.LongDialogues);

    /// <summary>So many dialogues, and more until the time is over.</summary>
    private async Task RunAsync(int dialogues, int firstSeed, TimeSpan time = default)
    {
        var watch = Stopwatch.StartNew();
        // The tail of the run is compared with what stands after its first part: by then caches and pools have their size.
        var warmUp = dialogues / 5;
        await RunRangeAsync(firstSeed, warmUp);
        var before = await SettledHeapAsync();
        await RunRangeAsync(firstSeed + warmUp, dialogues - warmUp);
        for (; watch.Elapsed < time; dialogues += warmUp)
        {
            await RunRangeAsync(firstSeed + dialogues, warmUp);
        }

        await fuzz.EmptyAsync("fuzz", "INBOX", "Archive", "Junk", "Trash");
        fuzz.AssertNoFaults();
        var after = await fuzz.MustHaveKeptItsHeapAsync(before);
        log.WriteLine($"managed heap {before / 1024} KiB after {warmUp} dialogues, {after / 1024} KiB after {dialogues}");
    }

    private async Task RunRangeAsync(int first, int count)
    {
        const int Batch = 250;
        for (var at = first; at < first + count; at += Batch)
        {
            await Parallel.ForEachAsync(
                Enumerable.Range(at, Math.Min(Batch, first + count - at)), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (seed, _) => await RunOneAsync(seed));
            await fuzz.AssertAliveAsync();
        }
    }

    private async Task RunOneAsync(int seed)
    {
        var mutator = new Mutator(seed);
        var isPop3 = seed % 5 == 4;
        var isSmtp = !isPop3 && seed % 2 == 0;
        var password = fuzz.Server.Plan.Password;
        var dialogues = isPop3 ? Seeds.Pop3(password) : isSmtp ? Seeds.Smtp(password) : Seeds.Imap(password);
        var lines = mutator.Mutate(dialogues[mutator.Random.Next(dialogues.Count)]);
        string? wrong;
        try
        {
            var port = isPop3 ? fuzz.Server.Port("pop3") : isSmtp ? seed % 4 == 0 ? fuzz.Server.Smtp : fuzz.Server.Submission : fuzz.Server.Imap;
            var (received, cut) = await FuzzServer.TalkAsync(port, lines, mutator.Random);
            wrong = isPop3 ? ReplySyntax.Pop3(received, cut) : isSmtp ? ReplySyntax.Smtp(received, cut) : ReplySyntax.Imap(received, cut);
        }
        catch (TimeoutException hang)
        {
            wrong = hang.Message;
        }

        Assert.True(wrong is null, $"seed {seed}: {wrong}\nsent: {Shown(lines)}");
    }

    private async Task<long> SettledHeapAsync()
    {
        await fuzz.EmptyAsync("fuzz", "INBOX", "Archive", "Junk", "Trash");
        return await fuzz.HeapAsync();
    }

    private static string Shown(IReadOnlyList<byte[]> lines)
    {
        var text = string.Join(' ', lines.Select(l => System.Text.Encoding.Latin1.GetString(l)));
        text = text.Replace("\r", "\\r", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return text.Length > 2_000 ? text[..2_000] + "…" : text;
    }
}
