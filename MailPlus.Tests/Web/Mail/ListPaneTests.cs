using System.Globalization;
using Bunit;
using MailPlus.Engine.Primitives;
using MailPlus.Web.Mail;
using MailPlus.Web.Mail.MessageList;
using MailPlus.Web.Shared;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace MailPlus.Tests.Web.Mail;

/// <summary>The list draws what is in sight, keeps it in place when mail comes in above, and speaks the viewer's language whoever wakes it.</summary>
public sealed class ListPaneTests : IAsyncLifetime
{
    private readonly MailFixture _mail = new();
    private readonly BunitContext _page = new();

    public async Task InitializeAsync()
    {
        await _mail.InitializeAsync();
        _page.Services.AddLocalization();
        _page.Services.AddSingleton(TimeProvider.System);
        for (var minute = 0; minute < 120; minute++)
        {
            await _mail.ReceiveAsync(MailFixture.Message($"m{minute}"), minute);
        }
    }

    public async Task DisposeAsync()
    {
        await _page.DisposeAsync();
        await _mail.DisposeAsync();
    }

    [Fact]
    public async Task Only_rows_in_sight_are_drawn_and_new_mail_moves_nothing_in_sight()
    {
        var (pane, desk) = await RenderAsync();
        Assert.Contains("--rows:120", pane.Find(".mail-canvas").GetAttribute("style"), StringComparison.Ordinal);
        Assert.InRange(pane.FindAll(".mail-row").Count, 30, 60);
        Assert.Equal("m119", pane.Find(".mail-row .mail-subject-text").TextContent);

        await pane.InvokeAsync(() => pane.Instance.Show(80, 10));
        Assert.InRange(pane.FindAll(".mail-row").Count, 10, 40);
        var seen = pane.Find("[style='--at:80'] .mail-subject-text").TextContent;

        await _mail.ReceiveAsync(MailFixture.Message("late"), 500);
        var added = await desk.RefreshAsync(default);
        await pane.InvokeAsync(() => pane.Instance.RefreshAsync(added));
        Assert.Equal("1", pane.Find(".mail-canvas").GetAttribute("data-shift"));
        Assert.Equal(seen, pane.Find("[style='--at:81'] .mail-subject-text").TextContent);
    }

    [Fact]
    public async Task A_background_refresh_keeps_the_viewers_language()
    {
        CultureInfo.CurrentUICulture = CultureInfo.CurrentCulture = new CultureInfo("ko");
        var viewer = new Viewer("Asia/Seoul");
        var (pane, _) = await RenderAsync(viewer);
        CultureInfo.CurrentUICulture = CultureInfo.CurrentCulture = new CultureInfo("en");
        await pane.InvokeAsync(() => pane.Instance.Show(0, 10));
        Assert.Equal("메일 목록", pane.Find("[role=grid]").GetAttribute("aria-label"));
    }

    [Fact]
    public async Task A_click_opens_and_a_click_with_shift_reaches()
    {
        var opened = new List<Uid>();
        var (pane, desk) = await RenderAsync(opened: opened.Add);
        await pane.FindAll(".mail-row")[0].ClickAsync(new());
        Assert.Equal(desk.View[0], Assert.Single(opened));
        await pane.FindAll(".mail-row input")[1].ClickAsync(new());
        await pane.FindAll(".mail-row")[4].ClickAsync(new() { ShiftKey = true });
        Assert.Equal(4, desk.Selection.Count);
        Assert.Single(opened);
    }

    private async Task<(IRenderedComponent<ListPane> Pane, MailDesk Desk)> RenderAsync(Viewer? viewer = null, Action<Uid>? opened = null)
    {
        var desk = new MailDesk(_mail.Access, _mail.Actor);
        await desk.GoToAsync(null, default);
        var pane = _page.Render<ListPane>(parameters =>
        {
            parameters.Add(p => p.Desk, desk).AddCascadingValue(viewer ?? new Viewer("Asia/Seoul"));
            if (opened is not null)
            {
                parameters.Add(p => p.Opened, opened);
            }
        });
        await pane.WaitForStateAsync(() => pane.FindAll(".mail-subject-text").Count > 0, TimeSpan.FromMinutes(2));
        return (pane, desk);
    }
}
