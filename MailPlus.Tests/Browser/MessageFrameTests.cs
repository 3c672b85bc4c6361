using System.Text;
using MailPlus.Tests.Support;
using MailPlus.Tests.Web.Mail;
using MailPlus.Web.Mail.Html;
using Microsoft.Playwright;
using MimeKit;
using Xunit;

namespace MailPlus.Tests.Browser;

/// <summary>
/// The attack strings of the xss suite in a real browser, twice: the sanitiser alone without any policy, and the document as the server sends it.
/// No script may run, nothing may be asked of another origin, nothing outside the frame may change.
/// </summary>
[Collection(BrowserTests.Name)]
public sealed class MessageFrameTests(BrowserFixture browser)
{
    private const string Origin = "https://mail.test/";
    private const int PerPage = 40;

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_payload_runs_or_asks_another_origin(bool withPolicy)
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        var payloads = XssPayloads.All();
        Skip.If(payloads.Count == 0 && !RepositoryTree.IsContinuousIntegration, "the xss suite is not here");
        await using var context = await browser.NewContextAsync();
        var page = await context.NewPageAsync();
        var faults = new List<string>();
        var served = "";
        var at = "";
        page.Dialog += async (_, dialog) =>
        {
            faults.Add($"dialog {dialog.Message} by {at}");
            await dialog.DismissAsync();
        };
        await page.ExposeFunctionAsync("ran", () => faults.Add($"script ran: {at}"));
        await page.AddInitScriptAsync("for (const name of ['alert', 'prompt', 'confirm']) window[name] = () => window.ran();");
        await page.RouteAsync("**/*", async route =>
        {
            if (route.Request.Url.StartsWith(Origin, StringComparison.Ordinal) && route.Request.IsNavigationRequest)
            {
                var headers = new Dictionary<string, string> { ["Content-Type"] = "text/html; charset=utf-8" };
                if (withPolicy)
                {
                    headers["Content-Security-Policy"] = FrameDocument.Policy(remoteImages: false);
                }

                await route.FulfillAsync(new() { Body = served, Headers = headers });
                return;
            }

            faults.Add($"asked for {route.Request.Url} by {at}");
            await route.AbortAsync();
        });

        foreach (var group in payloads.Chunk(PerPage))
        {
            served = await RenderAsync(group);
            at = string.Join('\n', group);
            await page.GotoAsync(Origin);

            // What waits for a person: everything that can be focused, hovered or clicked.
            foreach (var link in await page.Locator("a[href^='#'], summary").AllAsync())
            {
                await link.DispatchEventAsync("click");
            }

            Assert.Equal(Origin, page.Url.Split('#')[0]);
        }

        Assert.True(faults.Count == 0, string.Join("\n\n", faults.Take(5)));
    }

    private static async Task<string> RenderAsync(IEnumerable<string> payloads)
    {
        var look = new FrameLook(Dark: false, DarkMessage: false);
        var documents = new StringBuilder();
        foreach (var payload in payloads)
        {
            using var output = new MemoryStream();
            await FrameDocument.FromHtml(payload, new Dictionary<string, MimePart>(), remoteImages: false, look).WriteAsync(output, "", "", CancellationToken.None);
            documents.Append(Encoding.UTF8.GetString(output.ToArray()));
        }

        // Several documents after one another are one to a browser: their bodies are joined.
        return documents.ToString();
    }
}
