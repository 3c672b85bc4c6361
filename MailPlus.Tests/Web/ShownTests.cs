using System.Globalization;
using MailPlus.Engine.Primitives;
using MailPlus.Web.Admin.Log;
using MailPlus.Web.Shared;
using Xunit;

namespace MailPlus.Tests.Web;

public sealed class ShownTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1,023 B")]
    [InlineData(1536, "1.5 KB")]
    [InlineData(5 * 1024 * 1024, "5.0 MB")]
    [InlineData(3L * 1024 * 1024 * 1024, "3.0 GB")]
    public void Sizes_have_one_decimal(long octets, string text)
    {
        CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("en");
        Assert.Equal(text, Shown.Size(octets));
    }

    [Fact]
    public void A_day_begins_at_the_viewers_midnight()
    {
        var seoul = new Viewer("Asia/Seoul");
        var start = seoul.StartOf(new DateOnly(2026, 3, 1));

        Assert.Equal(new DateTimeOffset(2026, 2, 28, 15, 0, 0, TimeSpan.Zero), start.ToDateTimeOffset());
        Assert.Equal("2026-03-01 00:00:00", Shown.Exact(seoul, start));
    }

    [Fact]
    public void A_day_whose_midnight_is_skipped_begins_at_its_first_minute()
    {
        // Summer time in Beirut begins at midnight: 2021-03-28 00:00 does not exist.
        var start = new Viewer("Asia/Beirut").StartOf(new DateOnly(2021, 3, 28));

        Assert.Equal(new DateTimeOffset(2021, 3, 27, 22, 0, 0, TimeSpan.Zero), start.ToDateTimeOffset());
    }

    [Fact]
    public void An_unknown_zone_shows_UTC() => Assert.Equal(TimeZoneInfo.Utc, new Viewer("Nowhere/Town").Zone);

    [Fact]
    public void A_cell_of_an_export_is_never_a_formula()
    {
        Assert.Equal("'=1+1,\"a,b\",\"say \"\"hi\"\"\",plain\r\n", LogExport.Line(["=1+1", "a,b", "say \"hi\"", "plain"]));
        Assert.Equal("'@x,'+1,'-1\r\n", LogExport.Line(["@x", "+1", "-1"]));
    }
}
