using MailPlus.Engine.Pop3.Server;
using MailPlus.Engine.Pop3.Wire;

namespace MailPlus.Engine.Pop3.Commands;

/// <summary>DELE (RFC 1939 5): a mark only; QUIT removes.</summary>
internal sealed class DeleCommand() : Pop3Command("DELE", Pop3Stage.After)
{
    public override ValueTask<Pop3Reply?> RunAsync(Pop3Session session, Pop3Line line, CancellationToken aborted)
    {
        var index = Only(session, line);
        if (index < 0)
        {
            return Reply(Pop3Reply.Error("NoSuchMessage"));
        }

        session.Maildrop.Delete(index);
        return Reply(Pop3Reply.Ok("Deleted", Pop3Session.Number(index + 1)));
    }
}

/// <summary>RSET (RFC 1939 5): takes all marks back.</summary>
internal sealed class RsetCommand() : Pop3Command("RSET", Pop3Stage.After)
{
    public override ValueTask<Pop3Reply?> RunAsync(Pop3Session session, Pop3Line line, CancellationToken aborted)
    {
        session.Maildrop.Reset();
        return Reply(Pop3Reply.Ok("Listing", Pop3Session.Number(session.Maildrop.Left), Pop3Session.Number(session.Maildrop.Octets)));
    }
}

/// <summary>NOOP (RFC 1939 5).</summary>
internal sealed class NoopCommand() : Pop3Command("NOOP", Pop3Stage.After)
{
    public override ValueTask<Pop3Reply?> RunAsync(Pop3Session session, Pop3Line line, CancellationToken aborted) => Reply(Pop3Reply.Ok("NothingDone"));
}
