using MailPlus.Engine.ManageSieve.Server;
using MailPlus.Engine.ManageSieve.Wire;

namespace MailPlus.Tests.Fuzz.Inputs;

/// <summary>Lines of ManageSieve, and strings as they are said back.</summary>
internal sealed class ManageSieveReader : PureReader
{
    public override IReadOnlyList<byte[]> Seeds { get; } = Text(
        "AUTHENTICATE \"PLAIN\" \"AGEAYg==\"", "PUTSCRIPT \"이름\" {12+}", "HAVESPACE \"a \\\"b\\\\\" 99999", "NOOP {4294967295+}", "RENAMESCRIPT \"a\" \"b\"", "CHECKSCRIPT {0+}");

    public override IReadOnlyList<string> Words { get; } = ["\"", "\\\"", "{99999999999+}", "{5}", "{+}", "\"\" \"\" \"\"", " 1 2 3"];

    protected override void Read(byte[] input, Random random)
    {
        if (SieveLine.Parse(input) is not { } line)
        {
            return;
        }

        Xunit.Assert.True(line.Words.Count <= 8 && line.Literal is null or >= 0, "more words than any command has");
        foreach (var word in line.Words.Where(word => word.IsText))
        {
            var said = ManageSieveReply.Quoted(word.Text);
            Xunit.Assert.True(said.StartsWith('{') || SieveLine.Parse(System.Text.Encoding.UTF8.GetBytes(said))?.Words is [{ IsText: true } again] && again.Text == word.Text, $"said back as {said}");
        }
    }
}
