using System.Globalization;
using MailPlus.Engine.Smtp.Server;
using MailPlus.Engine.Smtp.Wire;

namespace MailPlus.Engine.Smtp.Commands;

/// <summary>BDAT (RFC 3030 2). The chunk follows without waiting, so it is read whatever the answer will be.</summary>
internal sealed class BdatCommand : SmtpCommand
{
    public override SmtpVerb Verb => SmtpVerb.Bdat;

    public override async ValueTask<SmtpReply?> RunAsync(SmtpSession session, string argument, CancellationToken aborted)
    {
        var words = argument.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        var last = words.Length == 2 && words[1].Equals("LAST", StringComparison.OrdinalIgnoreCase);
        if (words.Length is 0 or > 2 || words.Length == 2 && !last || !long.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out var size))
        {
            return SmtpReplies.BadChunkSize; // where the chunk ends is unknown: the dialogue cannot go on
        }

        return await session.ReceiveChunkAsync(size, last, aborted);
    }
}
