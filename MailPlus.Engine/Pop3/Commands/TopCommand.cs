using System.Globalization;
using MailPlus.Engine.Pop3.Server;
using MailPlus.Engine.Pop3.Wire;

namespace MailPlus.Engine.Pop3.Commands;

/// <summary>TOP (RFC 1939 7): the header and so many lines of the body, read no further than that.</summary>
internal sealed class TopCommand() : Pop3Command("TOP", Pop3Stage.After)
{
    public override async ValueTask<Pop3Reply?> RunAsync(Pop3Session session, Pop3Line line, CancellationToken aborted) =>
        line.Words() is [var number, var lines] && long.TryParse(lines, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? await MessageAnswer.WriteAsync(session, session.Maildrop.Find(number), new TopLines(count), aborted)
            : Pop3Reply.Error("WrongArguments");
}
