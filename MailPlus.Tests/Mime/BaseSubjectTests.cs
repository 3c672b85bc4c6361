using FsCheck;
using FsCheck.Xunit;
using MailPlus.Engine.Mime;
using Xunit;

namespace MailPlus.Tests.Mime;

/// <summary>RFC 5256 2.1.</summary>
public sealed class BaseSubjectTests
{
    [Theory]
    [InlineData("foo", "foo", false)]
    [InlineData("Re: foo", "foo", true)]
    [InlineData("RE : [list]  fwd[2]: foo (fwd) (FWD) ", "foo", true)]
    [InlineData("[list] foo", "foo", false)]
    [InlineData("[list]", "[list]", false)]
    [InlineData("Re: [list] ", "[list]", true)]
    [InlineData("[Fwd: Re: foo]", "foo", true)]
    [InlineData("[fwd: [fwd: x]]", "x", true)]
    [InlineData("Re: Re: \t a   b", "a b", true)]
    [InlineData("Re[: foo", "Re[: foo", false)]
    [InlineData("Reply: foo", "Reply: foo", false)]
    [InlineData("fw: 회의 보고", "회의 보고", true)]
    [InlineData("", "", false)]
    [InlineData("re:", "", true)]
    [InlineData("[a][b][c]", "[c]", false)]
    public void MarksGo(string subject, string expected, bool isReply) => Assert.Equal(new BaseSubject(expected, isReply), BaseSubject.Of(subject));

    [Property]
    public bool ABaseSubjectIsItsOwn(NonNull<string> subject)
    {
        var once = BaseSubject.Of(subject.Get).Text;
        return BaseSubject.Of(once) == new BaseSubject(once, false);
    }
}
