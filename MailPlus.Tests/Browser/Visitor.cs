using System.Text.Json;
using System.Text.RegularExpressions;
using MailPlus.Tests.Support;
using Microsoft.Playwright;
using Xunit;

namespace MailPlus.Tests.Browser;

/// <summary>Somebody at a browser. Whatever the browser complains about is kept, and every test must end without complaints.</summary>
public sealed partial class Visitor : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly List<string> _complaints = [];

    internal Visitor(IBrowserContext context, IPage page, Screen screen)
    {
        _context = context;
        Page = page;
        Screen = screen;
        page.PageError += (_, error) => _complaints.Add($"{page.Url}: {error}");
        page.Console += (_, line) =>
        {
            if (line.Type == "error")
            {
                _complaints.Add($"{page.Url}: {line.Text}");
            }
        };
    }

    public IPage Page { get; }

    public Screen Screen { get; }

    /// <summary>Errors of scripts and of the console so far.</summary>
    public IReadOnlyList<string> Complaints => _complaints;

    /// <summary>Opens a live page and waits until it answers to clicks.</summary>
    public async Task OpenAsync(string path)
    {
        await Page.GotoAsync(path);
        await WaitUntilLiveAsync();
    }

    public async Task WaitUntilLiveAsync() => await Page.WaitForSelectorAsync("html[data-live]", new PageWaitForSelectorOptions { State = WaitForSelectorState.Attached });

    /// <summary>Signs in by the form and waits for the page behind it.</summary>
    public async Task SignInAsync(string name, string password)
    {
        await Page.GotoAsync("/signin");
        await Page.FillAsync("#name", name);
        await Page.FillAsync("#password", password);
        await Page.ClickAsync("form button[type=submit]");
        await Page.WaitForURLAsync(AwayFromSignIn());
        await WaitUntilLiveAsync();
    }

    /// <summary>Signs in and opens the webmail.</summary>
    public async Task OpenMailAsync(RunningServer server, string account)
    {
        await SignInAsync(account, server.Plan.Password);
        await Page.GotoAsync("/mail");
        await WaitForMailAsync();
    }

    /// <summary>The webmail answers to keys.</summary>
    public async Task WaitForMailAsync() => await Page.WaitForSelectorAsync("html[data-mail-ready]", new() { State = WaitForSelectorState.Attached });

    /// <summary>Opens a compose window and writes into it.</summary>
    public async Task WriteAsync(string to, string subject, string text)
    {
        await Page.Keyboard.PressAsync("c");
        await Page.Locator("[data-field=to] input").FillAsync(to);
        await Page.Keyboard.PressAsync("Enter");
        await Page.FillAsync("[data-subject]", subject);
        await Page.Locator("[data-editor]").PressSequentiallyAsync(text);
    }

    /// <summary>The page as it stands is accessible and fits, light and dark, on the largest screen and on the smallest one; pictures of all four are kept.</summary>
    public async Task MustSuitEveryScreenAsync(string what)
    {
        foreach (var (width, height) in new[] { (1920, 1080), (360, 740) })
        {
            await Page.SetViewportSizeAsync(width, height);
            foreach (var theme in new[] { "dark", "light" })
            {
                await Page.EvaluateAsync("theme => mpAppearance.set('mp-theme', theme)", theme);
                await WaitUntilFilledAsync();
                var where = $"{what}, {width} {theme}";
                await MustBeAccessibleAsync(where);
                await MustFitAsync(where);
                await PhotographAsync($"{what}.{width}-{theme}");
            }
        }

        await Page.SetViewportSizeAsync(Screen.Width, Screen.Height);
    }

    /// <summary>Complaints so far are expected, while the server was away for instance.</summary>
    public void Forgive() => _complaints.Clear();

    /// <summary>Nothing is loading any more.</summary>
    public async Task WaitUntilFilledAsync() => await Page.WaitForFunctionAsync("() => !document.querySelector('.mp-skeleton') && !document.querySelector('[aria-busy=\"true\"]')");

    /// <summary>What axe-core finds against WCAG 2.1 AA on the page as it stands; must be nothing.</summary>
    public async Task MustBeAccessibleAsync(string what)
    {
        // Evaluated, not added as a script: the page's own policy forbids foreign scripts, and stays in force during the test.
        if (!await Page.EvaluateAsync<bool>("() => 'axe' in window"))
        {
            await Page.EvaluateAsync(await File.ReadAllTextAsync(Path.Combine(RepositoryTree.Root, "wwwroot-assets", "dist-test", "axe.min.js")));
        }

        // Two frames later every change of colour has begun; axe may look once all have ended, for a colour on its way is neither of the two.
        await Page.EvaluateAsync(
            """
            () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
              .then(() => Promise.allSettled(document.getAnimations().filter(a => a.effect.getComputedTiming().endTime !== Infinity).map(a => a.finished)))
              .then(() => true)
            """);
        var result = await Page.EvaluateAsync<JsonElement>(
            "() => axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }).then(r => r.violations.map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 200)).join(' | ')))");
        var violations = result.EnumerateArray().Select(violation => violation.GetString()).ToList();
        Assert.True(violations.Count == 0, $"{what}, {Screen.Name}:\n{string.Join('\n', violations)}");
    }

    /// <summary>The page is not wider than the screen.</summary>
    public async Task MustFitAsync(string what)
    {
        var over = await Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - innerWidth");
        Assert.True(over <= 0, $"{what} is {over} px too wide at {Screen.Name}");
    }

    public void MustNotHaveComplained() => Assert.True(_complaints.Count == 0, string.Join('\n', _complaints));

    /// <summary>Keeps a picture for the contact sheet under TestResults/pages.</summary>
    public async Task PhotographAsync(string name)
    {
        var folder = Path.Combine(RepositoryTree.Root, "TestResults", "pages");
        System.IO.Directory.CreateDirectory(folder);
        await Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, $"{Unsafe().Replace(name, "-").Trim('-')}.{Screen.Name}.png") });
    }

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();

    [GeneratedRegex("[^a-zA-Z0-9]+")]
    private static partial Regex Unsafe();

    [GeneratedRegex("^(?!.*/signin).*$")]
    private static partial Regex AwayFromSignIn();
}
