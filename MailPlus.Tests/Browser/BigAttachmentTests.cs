using System.Globalization;
using System.Security.Cryptography;
using MailPlus.Tests.Support;
using Xunit;
using Xunit.Abstractions;
using static Microsoft.Playwright.Assertions;

namespace MailPlus.Tests.Browser;

/// <summary>A message just under the size limit goes through the webmail: written, sent, opened, saved, while the process stays small (issue 2).</summary>
[Collection(BrowserTests.Name)]
public sealed class BigAttachmentTests(BrowserFixture browser, ITestOutputHelper log)
{
    private const long Megabyte = 1024 * 1024;
    private const long GrowthLimit = 30 * Megabyte;

    // What base64 makes of it, 57 octets to a line of 78, is 50 MB less the quarter that the text and the headers may take.
    private const long Biggest = (50 * Megabyte - 256 * 1024) / 78 * 57 - 1000;

    [SkippableFact]
    public async Task An_attachment_just_under_the_limit_passes_without_the_process_growing_by_more_than_30_MB()
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        await using var server = await RunningServer.StartAsync(new ServerPlan { Accounts = ["ann", "bob"] });
        await using var ann = await browser.VisitAsync(server);
        await using var bob = await browser.VisitAsync(server);
        await ann.OpenMailAsync(server, "ann");
        await bob.OpenMailAsync(server, "bob");
        for (var n = 1; n <= 3; n++) // the code has run once: what it needs to run at all is part of the level at rest
        {
            await PassAsync(server, ann, bob, 2 * Megabyte + n);
        }

        await server.ManagedHeapAsync();
        var resting = server.ResidentBytes();
        await File.WriteAllTextAsync($"/proc/{server.ProcessId}/clear_refs", "5"); // the peak counts from here
        await PassAsync(server, ann, bob, Biggest, () => log.WriteLine($"peak while uploaded and saved {server.PeakResidentBytes() / Megabyte} MB"));
        var peak = server.PeakResidentBytes();
        log.WriteLine($"resident at rest {resting / Megabyte} MB, peak {peak / Megabyte} MB, managed heap afterwards {await server.ManagedHeapAsync() / Megabyte} MB");
        Assert.True(peak - resting < GrowthLimit, $"grew by {(peak - resting) / Megabyte} MB from {resting / Megabyte} MB");
        ann.MustNotHaveComplained();
        bob.MustNotHaveComplained();
    }

    private static async Task PassAsync(RunningServer server, Visitor from, Visitor to, long size, Action? saved = null)
    {
        var subject = $"file of {size}";
        var file = Path.Combine(server.Home, size.ToString(CultureInfo.InvariantCulture) + ".bin");
        var digest = await MakeAsync(file, size);
        await from.WriteAsync(server.Address("bob"), subject, "See the file.");
        await from.Page.SetInputFilesAsync("[data-files]", file);
        await Expect(from.Page.Locator(".mail-file .mp-meta")).ToContainTextAsync("MB", new() { Timeout = 120_000 });
        await Expect(from.Page.Locator("[data-state]")).ToContainTextAsync("Saved", new() { Timeout = 120_000 });
        saved?.Invoke();
        await from.Page.ClickAsync("[data-act=send]");
        await Expect(from.Page.Locator(".mail-compose")).ToHaveCountAsync(0, new() { Timeout = 120_000 });

        await to.Page.Locator(".mail-row", new() { HasText = subject }).ClickAsync(new() { Timeout = 120_000 });
        await Expect(to.Page.FrameLocator(".mail-frame").Locator("body")).ToContainTextAsync("See the file.");
        var download = await to.Page.RunAndWaitForDownloadAsync(() => to.Page.Locator(".mail-attachments a").ClickAsync());
        var path = (await download.PathAsync())!;
        await using var got = File.OpenRead(path);
        Assert.Equal(size, got.Length);
        Assert.Equal(digest, Convert.ToHexString(await SHA256.HashDataAsync(got)));
        await download.DeleteAsync();
        File.Delete(file);
    }

    /// <summary>Random octets, so that nothing on the way can save by packing them.</summary>
    private static async Task<string> MakeAsync(string path, long size)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var file = File.Create(path);
        for (var left = size; left > 0;)
        {
            var piece = RandomNumberGenerator.GetBytes((int)Math.Min(left, Megabyte));
            hash.AppendData(piece);
            await file.WriteAsync(piece);
            left -= piece.Length;
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
