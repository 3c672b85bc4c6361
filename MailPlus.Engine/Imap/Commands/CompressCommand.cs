using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>COMPRESS DEFLATE (RFC 4978).</summary>
internal sealed class CompressCommand() : ImapCommand("COMPRESS", SessionStates.SignedIn)
{
    public override ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var reader = command.Read();
        reader.Space();
        var mechanism = reader.Word();
        reader.End();
        if (mechanism != "DEFLATE")
        {
            throw new SyntaxException("Unknown compression");
        }

        if (session.IsCompressed)
        {
            return new(Completion.No("Compression is already on", "COMPRESSIONACTIVE"));
        }

        session.CompressAfterReply();
        return new(Completion.Ok("DEFLATE active"));
    }
}
