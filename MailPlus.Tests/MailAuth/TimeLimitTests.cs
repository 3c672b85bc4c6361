using System.Net;
using MailPlus.Engine.MailAuth;
using MailPlus.Engine.MailAuth.Dmarc;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings.Sections;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace MailPlus.Tests.MailAuth;

/// <summary>The setting MailAuth.TimeoutSeconds: how long all questions about a sender may take.</summary>
public sealed class TimeLimitTests
{
    [Theory]
    [InlineData(5)]
    [InlineData(20)]
    [InlineData(60)]
    public async Task What_DNS_has_not_answered_within_the_limit_is_a_temporary_error(int seconds)
    {
        var clock = new FakeTimeProvider();
        var content = MessageContent.FromMemory("From: a@b.test\r\n\r\ntext\r\n"u8.ToArray());
        var request = new AuthenticationRequest(IPAddress.Parse("192.0.2.1"), "h.test", EmailAddress.Parse("a@b.test")) { Content = content, Header = await HeaderFields.ReadAsync(content, default) };
        var settings = new MailAuthSettings { DkimEnabled = false, ArcEnabled = false, DmarcEnabled = false, TimeoutSeconds = seconds };
        var check = new MessageAuthenticator(new SilentResolver(), new Lazy<PublicSuffixList>(PublicSuffixList.Shipped), clock).CheckAsync(request, settings, default);
        clock.Advance(TimeSpan.FromSeconds(seconds - 1));
        Assert.False(check.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(AuthResult.TempError, (await check)!.Spf!.Result);
    }
}
