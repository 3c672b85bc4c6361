using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using MailPlus.Engine.Imap.Commands;
using MailPlus.Engine.Imap.Wire;
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
                (uint)i + 1, m.Item2.Item1, m.Item1.Item2.Select(r => r + 1).ToArray(), m.Item1.Item1 == 0 ? 0 : 1, m.Item2.Item2)
            {
                IsReplyOrForward = m.Item1.Item1 == 1,
            }).ToArray();
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
        var chain = Enumerable.Range(0, Count).Select(i => new ThreadMessage((uint)i + 1, i + 1, i == 0 ? default : new[] { i }, 0, i)).ToArray();
        Assert.Single(ThreadForest.Of(ThreadAlgorithm.References, chain).Roots);
        Array.Reverse(chain);
        Assert.Single(ThreadForest.Of(ThreadAlgorithm.Refs, chain).Roots);
    }
}
