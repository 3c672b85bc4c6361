using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using MailPlus.Engine.Imap.Commands;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Mime;
using Xunit;

namespace MailPlus.Tests.Imap;

/// <summary>Threads of any messages: each stands in exactly one place, however references and subjects lie.</summary>
public sealed class ThreadForestTests
{
    [Property]
    public Property EveryMessageStandsInOnePlace() => Prop.ForAll(
        Gen.Choose(0, 2).Zip(Gen.Choose(0, 7).ListOf()).Zip(Gen.Choose(0, 7).Zip(Gen.Choose(0, 4))).ListOf().Zip(Gen.Choose(0, 2)).ToArbitrary(),
        input =>
        {
            var messages = input.Item1.Select((m, i) => new ThreadMessage(
                (uint)i + 1, m.Item2.Item1 == 0 ? "" : $"{m.Item2.Item1}@x", [.. m.Item1.Item2.Select(r => $"{r}@x")],
                BaseSubject.Of(m.Item1.Item1 switch { 0 => "", 1 => "Re: s", _ => "s" }), m.Item2.Item2)).ToList();
            var forest = ThreadForest.Of((ThreadAlgorithm)input.Item2, messages);
            var seen = new List<uint>();
            var open = new Stack<int>(forest.Roots);
            while (open.TryPop(out var node))
            {
                if (forest.Message(node) is { } message)
                {
                    seen.Add(message.Number);
                }
                else
                {
                    Assert.True(forest.Children(node).Count > 1);
                    Assert.Contains(node, forest.Roots);
                }

                foreach (var child in forest.Children(node))
                {
                    open.Push(child);
                }
            }

            return seen.Order().SequenceEqual(messages.Select(m => m.Number));
        });

    [Fact]
    public void AThreadOfAHundredThousandIsNoTrouble()
    {
        const int Count = 100_000;
        var chain = Enumerable.Range(0, Count).Select(i => new ThreadMessage((uint)i + 1, $"{i}@x", i == 0 ? [] : [$"{i - 1}@x"], new BaseSubject("", false), i)).ToList();
        Assert.Single(ThreadForest.Of(ThreadAlgorithm.References, chain).Roots);
        chain.Reverse();
        Assert.Single(ThreadForest.Of(ThreadAlgorithm.Refs, chain).Roots);
    }
}
