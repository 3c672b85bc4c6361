using System.Buffers;
using System.Text;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Pop3.Wire;

namespace MailPlus.Tests.Fuzz.Inputs;

/// <summary>Commands of POP3, and what TOP and clients without UTF8 make of messages.</summary>
internal sealed class PopReader : PureReader
{
    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. Text("RETR 1", "TOP 2 99999999999", "USER kim@example.test", "PASS a b c", "AUTH PLAIN AGEAYg==", "LANG ko"),
        .. Text("From: 김 <kim@예제.테스트>\r\nSubject: 한글\r\n folded 글\r\nTo: a@b, \"é\" <é@x>\r\nDKIM-Signature: é\r\n\r\n", "Subject: a\r\n\r\nline\r\n.dot\r\nlast"),
    ];

    protected override void Read(byte[] input, Random random)
    {
        Pop3Line.Parse(new ReadOnlySequence<byte>(input));
        if (HeaderDowngrade.IsNeeded(input))
        {
            Xunit.Assert.True(Ascii.IsValid(HeaderDowngrade.Apply(input)), "a header for old clients has octets above 127");
        }

        var lines = random.Next(5);
        var whole = new TopLines(lines);
        var length = whole.Take(input);
        var piecewise = new TopLines(lines);
        var taken = 0;
        while (taken < input.Length && !piecewise.IsDone)
        {
            var piece = Math.Min(random.Next(1, 50), input.Length - taken);
            var more = piecewise.Take(input.AsSpan(taken, piece));
            taken += more;
            if (more < piece)
            {
                break;
            }
        }

        MustEqual(length, taken, "TOP in pieces");
    }
}
