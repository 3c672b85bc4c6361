using MailPlus.Web.Admin.Log;
using Xunit;

namespace MailPlus.Tests.Web.Admin;

/// <summary>The mail log as CSV (MON-115): what a stranger wrote never becomes a formula, and every cell can be read back (RFC 4180).</summary>
public sealed class LogExportTests
{
    [Theory]
    [InlineData("=1+1")]
    [InlineData("+1")]
    [InlineData("-1")]
    [InlineData("@SUM(A1)")]
    [InlineData("\t=1")]
    [InlineData(" =1")]
    [InlineData("\uFF1D1")]
    [InlineData("\uFF0B1")]
    [InlineData("\uFF0D1")]
    [InlineData("\uFF20SUM")]
    public void A_formula_is_shown_as_text(string subject) => Assert.Equal($"a,'{subject}\r\n", LogExport.Line(["a", subject]));

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("안녕, 세상", "\"안녕, 세상\"")]
    [InlineData("say \"hi\"", "\"say \"\"hi\"\"\"")]
    [InlineData("\nx", "\"'\nx\"")]
    [InlineData("a=b", "a=b")]
    public void A_cell_is_quoted_when_it_must_be(string text, string cell) => Assert.Equal($"{cell}\r\n", LogExport.Line([text]));
}
