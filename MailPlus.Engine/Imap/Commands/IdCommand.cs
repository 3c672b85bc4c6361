using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>ID (RFC 2971): says the product's name; what the client says of itself is read and forgotten.</summary>
internal sealed class IdCommand() : ImapCommand("ID", SessionStates.Any)
{
    private const int MaxFields = 30;

    public override ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        Check(command);
        session.Untagged("ID (\"name\" \"MailPlus\")");
        return new(Completion.Ok("ID completed"));
    }

    private static void Check(CommandText command)
    {
        var reader = command.Read();
        reader.Space();
        if (!reader.TryTake((byte)'('))
        {
            if (reader.NString() is not null)
            {
                throw new SyntaxException("Expected a list or NIL");
            }

            reader.End();
            return;
        }

        for (var count = 0; !reader.TryTake((byte)')'); count++)
        {
            if (count > 0)
            {
                reader.Space();
            }

            if (count >= MaxFields || reader.String().Length > 30)
            {
                throw new SyntaxException("Too many or too long fields");
            }

            reader.Space();
            if (reader.NString() is { Length: > 1024 })
            {
                throw new SyntaxException("A value is too long");
            }
        }

        reader.End();
    }
}
