using MailPlus.Engine.Pop3.Server;
using MailPlus.Engine.Pop3.Wire;

namespace MailPlus.Engine.Pop3.Commands;

/// <summary>RETR (RFC 1939 5). Changes no flag: what a POP3 client has read is its own affair.</summary>
internal sealed class RetrCommand() : Pop3Command("RETR", Pop3Stage.After)
{
    public override async ValueTask<Pop3Reply?> RunAsync(Pop3Session session, Pop3Line line, CancellationToken aborted) =>
        await MessageAnswer.WriteAsync(session, Only(session, line), null, aborted);
}
