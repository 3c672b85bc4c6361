using System.Text;
using MailPlus.Engine.Accounts.Credentials;
using MailPlus.Engine.Primitives;
using Xunit;

namespace MailPlus.Tests.Primitives;

public sealed class UnicodeTextTests
{
    [Fact]
    public void What_cannot_be_normalised_is_found_and_replaced()
    {
        // Not as data of a theory: attributes are kept as UTF-8, which has no halves of pairs.
        foreach (var (text, isWellFormed, normalised) in new[]
        {
            ("plain", true, "plain"), ("e\u0301", true, "\u00e9"), ("\ud83d\ude00", true, "\ud83d\ude00"), ("a\ufffe", false, "a\ufffd"), ("\ud83d", false, "\ufffd"),
            ("\ude00\ud83d\ufffex", false, "\ufffd\ufffd\ufffdx"), ("\ud83d\ud83d\ude00", false, "\ufffd\ud83d\ude00"),
        })
        {
            Assert.Equal(isWellFormed, UnicodeText.IsWellFormed(text));
            Assert.Equal(normalised, UnicodeText.Normalised(text, NormalizationForm.FormC));
        }
    }

    [Fact]
    public void A_password_may_hold_what_cannot_be_normalised() => Assert.Equal("x\ufffd\ufffd"u8.ToArray(), PasswordHashing.Octets("x\ufffe\ud800"));
}
