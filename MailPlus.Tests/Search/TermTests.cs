using System.Text;
using MailPlus.Engine.Imap.Commands;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Search;
using Xunit;

namespace MailPlus.Tests.Search;

/// <summary>What terms say of a text must hold of the text: no needle that is in it may be ruled out, and where they decide alone they must be right.</summary>
public sealed class TermTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Terms_never_rule_out_a_needle_that_is_there_and_decide_rightly_where_they_decide(bool byCharacter)
    {
        var mail = new RandomMail(7);
        var (decided, found) = (0, 0);
        for (var i = 0; i < 20_000; i++)
        {
            var text = mail.Text(1 + mail.Next(12));
            var needle = mail.Needle(mail.Next(3) == 0 ? mail.Text(3) : text);
            if (NeedlePlan.Of(needle, byCharacter) is not { } plan)
            {
                continue;
            }

            var terms = new HashSet<string>(StringComparer.Ordinal);
            Assert.True(TermCutter.TryCut(Casemap.Fold(text), byCharacter, terms));
            var octets = terms.Select(Encoding.UTF8.GetBytes).ToList();
            var mayBeThere = plan.Pieces.All(piece => octets.Exists(term => Vocabulary.Fits(piece, term, Encoding.UTF8.GetBytes(piece.Text))));
            var isThere = SearchText.Contains(text, needle);
            Assert.True(mayBeThere || !isThere, $"'{needle}' is in '{text}' and was ruled out");
            Assert.True(!plan.IsExact || mayBeThere == isThere, $"'{needle}' in '{text}': terms say {mayBeThere}");
            decided += plan.IsExact ? 1 : 0;
            found += isThere ? 1 : 0;
        }

        Assert.True(decided > 2000 && found > 2000, $"{decided} decided, {found} found: this proved little");
    }

    [Fact]
    public void What_compares_equal_without_case_folds_alike()
    {
        for (var c = 0; c <= char.MaxValue; c++)
        {
            if (!char.IsSurrogate((char)c))
            {
                var one = ((char)c).ToString();
                foreach (var other in new[] { one.ToUpperInvariant(), one.ToLowerInvariant() })
                {
                    Assert.True(!one.Equals(other, StringComparison.OrdinalIgnoreCase) || Casemap.Fold(one) == Casemap.Fold(other), $"U+{c:X4}");
                }
            }
        }
    }

    [Fact]
    public void What_has_no_decomposition_is_folded_too()
    {
        Assert.Equal("NAI\u0308VE\ufffd", Casemap.Fold("naïve\ud800"));
        Assert.Equal("\ufffdE\u0301", Casemap.Fold("\udc00é"));
        Assert.Equal("\ufffdX", Casemap.Fold("\ufffex"));
    }

    [Theory]
    [InlineData("견적서", false, true)]
    [InlineData("서", false, true)]
    [InlineData("日本", true, true)]
    [InlineData("日本語", true, false)]
    [InlineData("日本語", false, true)]
    [InlineData("two words", false, false)]
    [InlineData("invoice", false, true)]
    public void Needles_within_one_word_need_no_reading(string needle, bool byCharacter, bool isExact) => Assert.Equal(isExact, NeedlePlan.Of(needle, byCharacter)!.IsExact);

    [Theory]
    [InlineData(" ")]
    [InlineData("--")]
    [InlineData("...")]
    public void Needles_without_letters_are_not_looked_up(string needle) => Assert.Null(NeedlePlan.Of(needle, byCharacter: false));
}
