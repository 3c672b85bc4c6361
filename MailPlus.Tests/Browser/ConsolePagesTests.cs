using MailPlus.Tests.Support;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace MailPlus.Tests.Browser;

/// <summary>A server with one user; each test leaves what the others look at.</summary>
public sealed class ConsoleServer : IAsyncLifetime
{
    public RunningServer Server { get; private set; } = null!;

    public async Task InitializeAsync() => Server = await RunningServer.StartAsync(new ServerPlan { Accounts = ["minji"] });

    public async Task DisposeAsync()
    {
        if (Server is not null)
        {
            await Server.DisposeAsync();
        }
    }
}

/// <summary>Every page of the console on three screens, and what an administrator does there.</summary>
[Collection(BrowserTests.Name)]
public sealed class ConsolePagesTests(BrowserFixture browser, ConsoleServer console) : IClassFixture<ConsoleServer>
{
    private static readonly string[] Pages =
    [
        "/admin", "/admin?range=month", "/admin/queue", "/admin/domains", "/admin/domains/1", "/admin/domains/1?tab=members", "/admin/domains/1?tab=alias", "/admin/domains/1?tab=bcc",
        "/admin/domains/1?tab=disclaimer", "/admin/domains/1?tab=usage", "/admin/domains/1?tab=dns", "/admin/service",
        "/admin/delivery", "/admin/delivery?tab=delivery", "/admin/delivery?tab=hosts", "/admin/delivery?tab=security", "/admin/delivery?tab=black", "/admin/delivery?tab=local",
        "/admin/service?tab=certificate", "/admin/log", "/admin/log?tab=admin", "/admin/accounts", "/admin/accounts?open=1", "/admin/groups", "/admin/policies", "/admin/default-state", "/admin/licence", "/sessions",
    ];

    private RunningServer Server => console.Server;

    [SkippableFact]
    public async Task Every_page_is_accessible_fits_and_is_quiet_on_every_screen()
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        foreach (var screen in new[] { Screen.Desk, Screen.Tablet, Screen.Phone })
        {
            await using var visitor = await browser.VisitAsync(Server, screen);
            await visitor.Page.GotoAsync("/signin");
            await visitor.MustBeAccessibleAsync("sign-in");
            await visitor.SignInAsync(Server.Plan.Administrator, Server.Plan.Password);
            foreach (var path in Pages)
            {
                await visitor.Page.GotoAsync(path);
                await visitor.WaitUntilFilledAsync();
                await visitor.MustBeAccessibleAsync(path);
                await visitor.MustFitAsync(path);
                await visitor.PhotographAsync("console" + path);
            }

            visitor.MustNotHaveComplained();
        }
    }

    [SkippableFact]
    public async Task A_changed_port_waits_for_Apply_and_is_kept()
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        await using var visitor = await browser.VisitAsync(Server);
        var page = visitor.Page;
        await visitor.SignInAsync(Server.Plan.Administrator, Server.Plan.Password);
        await visitor.OpenAsync("/admin/service");

        var port = page.GetByLabel("Port of Enable IMAP", new() { Exact = true });
        await port.FillAsync("70000");
        await page.GetByRole(AriaRole.Button, new() { Name = "Apply" }).ClickAsync();
        await Expect(page.Locator("[id='Service.Imap-error']")).ToBeVisibleAsync();

        await port.FillAsync("1143");
        await Expect(page.GetByText("1 change", new() { Exact = true })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Review" }).ClickAsync();
        await Expect(page.Locator("dialog ins")).ToContainTextAsync("1143");
        await visitor.MustBeAccessibleAsync("review of changes");
        await page.Keyboard.PressAsync("Escape");
        await page.GetByRole(AriaRole.Button, new() { Name = "Discard" }).ClickAsync();
        await Expect(port).ToHaveValueAsync("143");

        await port.FillAsync("1143");
        await page.GetByRole(AriaRole.Button, new() { Name = "Apply" }).ClickAsync();
        await Expect(page.GetByText("Applied.")).ToBeVisibleAsync();
        await page.ReloadAsync();
        await visitor.WaitUntilLiveAsync();
        await Expect(page.GetByLabel("Port of Enable IMAP", new() { Exact = true })).ToHaveValueAsync("1143");
        visitor.MustNotHaveComplained();
    }

    [SkippableFact]
    public async Task The_palette_finds_pages_accounts_and_settings_by_keyboard_alone()
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        await using var visitor = await browser.VisitAsync(Server);
        var page = visitor.Page;
        await visitor.SignInAsync(Server.Plan.Administrator, Server.Plan.Password);

        await page.Keyboard.PressAsync("Control+k");
        await Expect(page.Locator(".mp-palette input")).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("minji");
        await Expect(page.GetByRole(AriaRole.Option).First).ToContainTextAsync("minji@");
        await visitor.MustBeAccessibleAsync("palette");
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync("**/admin/accounts?open=*");
        await Expect(page.Locator("dialog[open] h2")).ToHaveTextAsync("minji");
        visitor.MustNotHaveComplained();
    }

    [SkippableFact]
    public async Task A_deactivated_user_cannot_sign_in_and_a_revoked_browser_is_out()
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        await using var admin = await browser.VisitAsync(Server);
        await admin.SignInAsync(Server.Plan.Administrator, Server.Plan.Password);
        await admin.OpenAsync("/admin/accounts");
        await admin.Page.Locator("tr[data-row]").Filter(new() { HasText = "minji" }).First.ClickAsync();
        await admin.Page.Locator("dialog[open]").GetByRole(AriaRole.Button, new() { Name = "Deactivate" }).ClickAsync();
        await Expect(admin.Page.Locator("dialog[open]").GetByRole(AriaRole.Button, new() { Name = "Activate" })).ToBeVisibleAsync();

        await using var user = await browser.VisitAsync(Server);
        await user.Page.GotoAsync("/signin");
        await user.Page.FillAsync("#name", "minji");
        await user.Page.FillAsync("#password", Server.Plan.Password);
        await user.Page.ClickAsync("form button[type=submit]");
        await Expect(user.Page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();

        // The administrator's second browser throws the first one out.
        await user.SignInAsync(Server.Plan.Administrator, Server.Plan.Password);
        await user.Page.GotoAsync("/sessions");
        await user.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out all others" }).ClickAsync();
        await Eventually.TrueAsync(
            async () =>
            {
                await admin.Page.GotoAsync("/admin/queue");
                return admin.Page.Url.Contains("/signin", StringComparison.Ordinal);
            },
            () => $"the first browser is out: {admin.Page.Url}");
    }
}
