using MailPlus.Engine.Pop3.Server;
using MailPlus.Engine.Pop3.Wire;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Pop3.Commands;

/// <summary>STAT (RFC 1939 5).</summary>
internal sealed class StatCommand() : Pop3Command("STAT", Pop3Stage.After)
{
    public override ValueTask<Pop3Reply?> RunAsync(Pop3Session session, Pop3Line line, CancellationToken aborted) =>
        Reply(Pop3Reply.Line($"{Pop3Session.Number(session.Maildrop.Left)} {Pop3Session.Number(session.Maildrop.Octets)}"));
}

/// <summary>LIST (RFC 1939 5): sizes from the packed state.</summary>
internal sealed class ListCommand() : ScanCommand("LIST", "Listing")
{
    protected override string Show(Maildrop maildrop, MessageState message) => Pop3Session.Number(message.Size);

    protected override string Show(Maildrop maildrop, int index) => Pop3Session.Number(maildrop.SizeOf(index));
}

/// <summary>UIDL (RFC 1939 7).</summary>
internal sealed class UidlCommand() : ScanCommand("UIDL", "UniqueIds")
{
    protected override string Show(Maildrop maildrop, MessageState message) => maildrop.UniqueIdOf(message);

    protected override string Show(Maildrop maildrop, int index) => maildrop.UniqueIdOf(index);
}

/// <summary>A list of all messages, or one line about one.</summary>
internal abstract class ScanCommand(string keyword, string title) : Pop3Command(keyword, Pop3Stage.After)
{
    public override async ValueTask<Pop3Reply?> RunAsync(Pop3Session session, Pop3Line line, CancellationToken aborted)
    {
        var maildrop = session.Maildrop;
        if (line.Argument.Trim().Length > 0)
        {
            var index = Only(session, line);
            return index < 0 ? Pop3Reply.Error("NoSuchMessage") : Pop3Reply.Line($"{Pop3Session.Number(index + 1)} {Show(maildrop, index)}");
        }

        session.Write(Pop3Reply.Ok(title, Pop3Session.Number(maildrop.Left), Pop3Session.Number(maildrop.Octets)));
        foreach (var (index, message) in maildrop.Messages())
        {
            session.WriteLine($"{Pop3Session.Number(index + 1)} {Show(maildrop, message)}");
            await session.FlushIfFullAsync(aborted);
        }

        session.WriteLine(".");
        return null;
    }

    protected abstract string Show(Maildrop maildrop, MessageState message);

    protected abstract string Show(Maildrop maildrop, int index);
}
