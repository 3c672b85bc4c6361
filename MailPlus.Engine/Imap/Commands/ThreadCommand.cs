using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>THREAD and UID THREAD (RFC 5256 3). Subjects, dates and references come from the summaries made at delivery.</summary>
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

        var messages = await ReadAsync(session, arguments.Algorithm, found, cancellationToken);
        await WriteAsync(session.Output, ThreadForest.Of(arguments.Algorithm, messages), cancellationToken);
        return Completion.Ok("Thread completed");
    }

    private async ValueTask<List<ThreadMessage>> ReadAsync(ImapSession session, ThreadAlgorithm algorithm, List<Found> found, CancellationToken cancellationToken)
    {
        var columns = (algorithm == ThreadAlgorithm.Refs ? MessageColumns.None : MessageColumns.Listing)
            | (algorithm == ThreadAlgorithm.OrderedSubject ? MessageColumns.None : MessageColumns.Threading);
        var messages = new List<ThreadMessage>(found.Count);
        var at = 0;
        await foreach (var row in session.Selected!.Store.ReadAsync(session.Selected.Id, found.ConvertAll(f => f.Message.Uid), columns, cancellationToken))
        {
            while (found[at].Message.Uid != row.Uid)
            {
                at++; // gone meanwhile: it belongs to no thread
            }

            var message = found[at].Message;
            var (id, references) = row.Threading ?? ("", []);
            var date = row.Listing?.Sent is { } sent ? sent.Microseconds / 1_000_000 : message.InternalDate;
            messages.Add(new ThreadMessage(byUid ? message.Uid.Value : found[at].Number, id, references, BaseSubject.Of(row.Listing?.Subject ?? ""), date));
        }

        return messages;
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
                output.Write(forest.Message(node)!.Number);
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
