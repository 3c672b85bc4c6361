using MailPlus.Tests.Support;
using Microsoft.Playwright;
using Xunit;

namespace MailPlus.Tests.Browser;

/// <summary>Chromium, started once for all browser tests. Debian's own, so nothing is downloaded.</summary>
public sealed class BrowserFixture : IAsyncLifetime
{
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>The program, null when it is not installed and the tests must be skipped.</summary>
    public static string? Program => ChildProcess.Find("chromium") ?? ChildProcess.Find("chromium-browser") ?? ChildProcess.Find("google-chrome");

    public async Task InitializeAsync()
    {
        if (Program is null)
        {
            return;
        }

        Assertions.SetDefaultExpectTimeout(90_000); // two cores shared with other tests
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Program,
            Headless = true,
            Args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
        });
    }

    /// <summary>An empty browser, for documents that come from no server.</summary>
    public async Task<IBrowserContext> NewContextAsync()
    {
        Skip.If(_browser is null, "Chromium is not installed");
        return await _browser!.NewContextAsync();
    }

    /// <summary>A person with a browser of their own: cookies, language, colours and size of the screen.</summary>
    public async Task<Visitor> VisitAsync(RunningServer server, Screen? screen = null)
    {
        Skip.If(_browser is null, "Chromium is not installed");
        var seen = screen ?? Screen.Desk;
        var context = await _browser!.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = $"http://127.0.0.1:{server.Web}",
            Locale = seen.Language == "ko" ? "ko-KR" : "en-US",
            TimezoneId = "Asia/Seoul",
            ColorScheme = seen.IsDark ? ColorScheme.Dark : ColorScheme.Light,
            ViewportSize = new ViewportSize { Width = seen.Width, Height = seen.Height },
            ReducedMotion = ReducedMotion.Reduce,
        });
        context.SetDefaultTimeout(90_000);
        return new Visitor(context, await context.NewPageAsync(), seen);
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }
}

/// <summary>All browser tests share one browser and run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class BrowserTests : ICollectionFixture<BrowserFixture>
{
    public const string Name = "browser";
}

/// <summary>Before what kind of screen somebody sits.</summary>
public sealed record Screen(int Width, int Height, bool IsDark, string Language)
{
    public static Screen Desk { get; } = new(1920, 1080, false, "en");

    public static Screen Tablet { get; } = new(768, 1024, false, "ko");

    public static Screen Phone { get; } = new(360, 740, true, "ko");

    public string Name => $"{Width}-{(IsDark ? "dark" : "light")}-{Language}";
}
