using System.Buffers;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using MailPlus.Engine.Net.Lines;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Net;

public sealed class LineReaderTests
{
    [Theory]
    [InlineData("abc\r\ndef\r\n", "C:abc C:def")]
    [InlineData("abc", "")]
    [InlineData("abc\r", "")]
    [InlineData("\r\n", "C:")]
    [InlineData("a\nb\r\nc\r\n", "LF C:c")] // what follows the bare LF is no command
    [InlineData("a\rb\r\nc\r\n", "CR C:c")]
    [InlineData("a\r\r\nc\r\n", "CR C:c")]
    [InlineData("a\n", "LF")] // an LF-only client hears of it at once
    [InlineData("a\nb\n", "LF LF")]
    [InlineData("12345678901\r\nc\r\n", "LONG C:c")]
    [InlineData("1234567890\r\nc\r\n", "C:1234567890 C:c")]
    [InlineData("123456789012345", "LONG")]
    [InlineData("123456789012345\r\nc\r\n", "LONG C:c")]
    public void Cuts_lines_and_reports_faults_once(string input, string expected)
    {
        for (var chunk = 1; chunk <= input.Length; chunk++)
        {
            Assert.Equal(expected, string.Join(' ', Run(Encoding.Latin1.GetBytes(input), () => chunk)));
        }
    }

    [Property(MaxTest = 1000)]
    public Property Splitting_the_input_changes_nothing() => Prop.ForAll(
        Gen.Elements("\r\n", "\r", "\n", "a", "bc", "0123456789", "x y").ListOf().Select(string.Concat).ToArbitrary(),
        Gen.Choose(1, 7).ListOf(8).ToArbitrary(),
        (text, sizes) =>
        {
            var bytes = Encoding.Latin1.GetBytes(text);
            var i = 0;
            return Run(bytes, () => sizes[i++ % sizes.Count]).SequenceEqual(Run(bytes, () => int.MaxValue));
        });

    [Property(MaxTest = 1000)]
    public Property A_complete_line_has_no_line_end_in_it_and_keeps_the_limit() => Prop.ForAll(
        Gen.Elements("\r\n", "\r", "\n", "a", "bc", "0123456789").ListOf().Select(string.Concat).ToArbitrary(),
        text => Run(Encoding.Latin1.GetBytes(text), () => 3).Where(r => r.StartsWith("C:")).All(r => r.Length <= 12 && r.IndexOfAny(['\r', '\n']) < 0));

    /// <summary>Feeds the bytes in chunks, each a segment of its own, as a pipe does.</summary>
    private static List<string> Run(byte[] bytes, Func<int> chunk)
    {
        var reader = new LineReader(10);
        var found = new List<string>();
        var pending = ReadOnlySequence<byte>.Empty;
        for (var at = 0; at < bytes.Length;)
        {
            var take = Math.Min(chunk(), bytes.Length - at);
            pending = Segments.Append(pending, bytes.AsMemory(at, take));
            at += take;
            LineStatus status;
            while ((status = reader.Take(ref pending, out var line)) != LineStatus.Incomplete)
            {
                found.Add(status switch
                {
                    LineStatus.Complete => "C:" + Encoding.Latin1.GetString(line),
                    LineStatus.BareLineFeed => "LF",
                    LineStatus.BareCarriageReturn => "CR",
                    _ => "LONG",
                });
            }
        }

        return found;
    }
}
