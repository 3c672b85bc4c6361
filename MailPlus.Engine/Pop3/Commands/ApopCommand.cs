using MailPlus.Engine.Pop3.Server;
using MailPlus.Engine.Pop3.Wire;

namespace MailPlus.Engine.Pop3.Commands;

/// <summary>APOP (RFC 1939 7) is off: it needs passwords kept in the clear and rests on MD5. The greeting bears no time stamp, so no client tries it unasked.</summary>
internal sealed class ApopCommand() : Pop3Command("APOP", Pop3Stage.Before)
{
    public override ValueTask<Pop3Reply?> RunAsync(Pop3Session session, Pop3Line line, CancellationToken aborted) => Reply(Pop3Reply.Error("ApopOff"));
}
