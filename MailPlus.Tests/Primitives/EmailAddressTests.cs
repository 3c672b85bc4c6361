using MailPlus.Engine.Primitives;
using Xunit;

namespace MailPlus.Tests.Primitives;

/// <summary>What is no address is refused, whatever Unicode it holds: none of it may end in an exception.</summary>
public sealed class EmailAddressTests
{
    [Fact]
    public void What_Unicode_cannot_normalise_is_no_address() => Assert.All(
        ["a\uFFFEb@example.test", "\"a\uFFFEb\"@example.test", "a\uD800@example.test", "a\uDC00b@example.test"], text => Assert.False(EmailAddress.TryParse(text, out _)));

    [Theory]
    [InlineData("김@example.test")]
    [InlineData("😀@example.test")]
    public void Other_characters_are_welcome(string text) => Assert.Equal(text, EmailAddress.Parse(text).ToString());
}
