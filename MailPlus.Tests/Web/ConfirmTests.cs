using Bunit;
using MailPlus.Web.Shared;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace MailPlus.Tests.Web;

public sealed class ConfirmTests : BunitContext
{
    public ConfirmTests()
    {
        Services.AddLocalization();
        JSInterop.Mode = JSRuntimeMode.Loose;
    }

    [Fact]
    public void The_danger_button_waits_for_the_typed_name()
    {
        var done = 0;
        var dialog = Show("example.com", () => done++);

        Assert.True(dialog.Find(".danger").HasAttribute("disabled"));
        dialog.Find("#confirm-name").Input("example.org");
        Assert.True(dialog.Find(".danger").HasAttribute("disabled"));
        dialog.Find("#confirm-name").Input("Example.com ");
        Assert.False(dialog.Find(".danger").HasAttribute("disabled"));
        dialog.Find(".danger").Click();

        Assert.Equal(1, done);
    }

    [Fact]
    public void Without_a_name_a_click_is_enough()
    {
        var done = 0;
        var dialog = Show(null, () => done++);

        Assert.Empty(dialog.FindAll("#confirm-name"));
        dialog.Find(".danger").Click();

        Assert.Equal(1, done);
    }

    private IRenderedComponent<Confirm> Show(string? name, Action confirmed) => Render<Confirm>(parameters => parameters
        .Add(p => p.Open, true)
        .Add(p => p.Title, "t")
        .Add(p => p.Text, "x")
        .Add(p => p.Action, "a")
        .Add(p => p.Name, name)
        .Add(p => p.Confirmed, confirmed));
}
