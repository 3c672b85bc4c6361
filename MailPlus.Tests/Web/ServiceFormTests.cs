using MailPlus.Engine.Settings.Sections;
using MailPlus.Web.Admin.Service;
using Xunit;

namespace MailPlus.Tests.Web;

public sealed class ServiceFormTests
{
    private static readonly ListenerLine Imap = ServiceForm.Imap[0];

    [Fact]
    public void A_fresh_form_has_no_changes_and_no_faults()
    {
        var form = new ServiceForm(new ServiceSettings());

        Assert.Empty(form.Changed());
        Assert.Empty(form.Faults());
    }

    [Fact]
    public void A_typed_port_is_a_change_and_typing_it_back_is_none()
    {
        var form = new ServiceForm(new ServiceSettings());
        form.SetPort(Imap, "1143");

        Assert.Equal(["Service.Imap"], form.Changed());
        Assert.Equal(1143, form.Draft.Imap.Port);

        form.SetPort(Imap, "143");
        Assert.Empty(form.Changed());
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("65536")]
    [InlineData("14 3")]
    [InlineData("-1")]
    public void A_port_that_cannot_be_read_is_a_fault_and_never_reaches_the_draft(string typed)
    {
        var form = new ServiceForm(new ServiceSettings());
        form.SetPort(Imap, typed);

        Assert.Equal("BadPort", form.Faults()["Service.Imap"]);
        Assert.Equal(143, form.Draft.Imap.Port);
        Assert.Equal(["Service.Imap"], form.Changed());
    }

    [Fact]
    public void Two_listeners_cannot_share_a_port_unless_one_is_off()
    {
        var form = new ServiceForm(new ServiceSettings());
        form.SetPort(Imap, "993");
        Assert.Equal("PortTwice", Assert.Single(form.Faults()).Value);

        form.SetEnabled(Imap, false);
        Assert.Empty(form.Faults());
    }

    [Fact]
    public void Reset_goes_back_to_the_default()
    {
        var form = new ServiceForm(new ServiceSettings { Imap = new ListenerSetting(false, 1143) });
        form.Reset(Imap);

        Assert.Equal(new ListenerSetting(true, 143), form.Draft.Imap);
        Assert.Equal("143", form.PortOf(Imap));
        Assert.True(ServiceForm.IsDefault("Service.Imap", form.Draft));
    }
}
