using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>THREAD and UID THREAD (RFC 5256 3). Subjects, dates and references come from the columns the store keeps of what was learned at delivery.</summary>
internal sealed class ThreadCommand(bool byUid) : ImapCommand(byUid ? "UID THREAD" : "THREAD", SessionStates.Selected, byUid ? NewsKind.All : NewsKind.KeepNumbers)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var selected = session.Selected!;
        var arguments = ThreadArguments.Parse(command);
        session.IsCondStore |= arguments.Key.Uses(k => k.Subject == SearchSubject.ModSeq);
        var matcher = new SearchMatcher(selected, arguments.Key, session.With.Clock.GetUtcNow());
        var run = new SearchRun(session, selected, command.Tag) { Limit = session.Settings.Imap.MessageLimit };
        var found = await run.FindAsync(matcher, cancellationToken);
        if (run.LowestSeen is not null)
        {
            return MessageLimits.Refuse(session);
        }

        var messages = await ReadAsync(selected, arguments.Algorithm, found, cancellationToken);
        await WriteAsync(session.Output, ThreadForest.Of(arguments.Algorithm, messages), cancellationToken);
        return Completion.Ok("Thread completed");
    }

    private async ValueTask<ThreadMessage[]> ReadAsync(SelectedMailbox selected, ThreadAlgorithm algorithm, Matches found, CancellationToken cancellationToken)
    {
        // REFS looks at neither subjects nor dates of sending.
        var subjects = algorithm == ThreadAlgorithm.Refs ? null : await selected.Store.SortColumnsAsync(selected.View, SortPart.Subject, ordered: false, cancellationToken);
        var threads = algorithm == ThreadAlgorithm.OrderedSubject ? null : await selected.Store.SortColumnsAsync(selected.View, SortPart.Thread, ordered: false, cancellationToken);
        var messages = new ThreadMessage[found.Count];
        var (count, near) = (0, 0);
        foreach (var (start, length) in found.Positions.Ranges)
        {
            for (var position = start; position < start + length;)
            {
                foreach (ref readonly var message in found.Stretch(position, start + length - position).Span)
                {
                    position++;
                    var number = byUid ? message.Uid.Value : (uint)position;
                    var at = (subjects ?? threads)!.IndexOf(message.Uid, near);
                    messages[count++] = at < 0 ? new ThreadMessage(number, 0, default, 0, message.InternalDate) : Of(message, at, number, subjects, threads);
                    near = at + 1;
                }
            }
        }

        return messages;
    }

    private static ThreadMessage Of(in MessageState message, int at, uint number, SortColumns? subjects, SortColumns? threads)
    {
        var (sent, subject) = subjects is null ? (long.MinValue, 0) : (subjects.Sent.Span[at], subjects.Subjects.Span[at]);
        var threadAt = threads?.IndexOf(message.Uid, at) ?? -1;
        return new ThreadMessage(
            number, threadAt < 0 ? 0 : threads!.MessageIds.Span[threadAt], threadAt < 0 ? default : threads!.ReferencesAt(threadAt), subject >> 1,
            sent == long.MinValue ? message.InternalDate : sent)
        { IsReplyOrForward = (subject & 1) != 0 };
    }

    private static async ValueTask WriteAsync(ResponseWriter output, ThreadForest forest, CancellationToken cancellationToken)
    {
        output.Write(forest.Roots.Count == 0 ? "* THREAD"u8 : "* THREAD "u8);
        var open = new Stack<(int Node, bool IsEnd)>();
        foreach (var root in forest.Roots)
        {
            open.Push((root, IsEnd: false));
            while (open.TryPop(out var step))
            {
                if (step.IsEnd)
                {
                    output.Write((byte)')');
                }
                else
                {
                    WriteChain(output, forest, step.Node, open);
                }
            }

            await output.FlushIfFullAsync(cancellationToken);
        }

        output.Line();
    }

    /// <summary>A thread down to where it branches; the branches are left on the stack.</summary>
    private static void WriteChain(ResponseWriter output, ThreadForest forest, int node, Stack<(int Node, bool IsEnd)> open)
    {
        output.Write((byte)'(');
        if (forest.Message(node) is { } first)
        {
            output.Write(first.Number);
            while (forest.Children(node).Count == 1)
            {
                node = forest.Children(node)[0];
                output.Write((byte)' ');
                output.Write(forest.Message(node)!.Value.Number);
            }
        }

        open.Push((0, IsEnd: true));
        var children = forest.Children(node);
        if (children.Count > 0 && forest.Message(node) is not null)
        {
            output.Write((byte)' ');
        }

        for (var i = children.Count - 1; i >= 0; i--)
        {
            open.Push((children[i], IsEnd: false));
        }
    }
}
