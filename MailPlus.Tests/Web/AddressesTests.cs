using System.Net;
using MailPlus.Web.Shared;
using MailPlus.Web.SignIn;
using Xunit;

namespace MailPlus.Tests.Web;

public sealed class AddressesTests
{
    [Theory]
    [InlineData("/admin/log?search=a", "/admin/log?search=a")]
    [InlineData("//evil.example/", "/")]
    [InlineData("/\\evil.example/", "/")]
    [InlineData("https://evil.example/", "/")]
    [InlineData("/a\r\nSet-Cookie: x", "/")]
    [InlineData("", "/")]
    [InlineData(null, "/")]
    public void Only_paths_of_this_server_are_returned_to(string? asked, string expected) => Assert.Equal(expected, LocalAddress.OrHome(asked));

    [Theory]
    [InlineData("10.0.0.7", true)]
    [InlineData("::ffff:10.0.0.7", true)]
    [InlineData("192.0.2.1", true)]
    [InlineData("192.0.2.2", false)]
    [InlineData("11.0.0.1", false)]
    public void Forwarded_headers_are_believed_from_named_proxies_only(string peer, bool trusted) =>
        Assert.Equal(trusted, TrustedProxies.IsTrusted(IPAddress.Parse(peer), ["10.0.0.0/8", "192.0.2.1"]));

    [Fact]
    public void Nobody_is_a_proxy_by_default() => Assert.False(TrustedProxies.IsTrusted(IPAddress.Loopback, []));

    [Theory]
    [InlineData("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36", "Chrome, Linux")]
    [InlineData("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0 Safari/537.36 Edg/129.0", "Edge, Windows")]
    [InlineData("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1", "Safari, iPhone")]
    [InlineData("", "?")]
    public void Browsers_are_called_by_names_people_know(string sent, string name) => Assert.Equal(name, BrowserNames.Of(sent));
}
