using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>Arguments that are nothing but mailbox names.</summary>
internal static class MailboxArgument
{
    public static string Single(CommandText command)
    {
        var reader = command.Read();
        reader.Space();
        var name = reader.Mailbox();
        reader.End();
        return name;
    }

    public static (string First, string Second) Two(CommandText command)
    {
        var reader = command.Read();
        reader.Space();
        var first = reader.Mailbox();
        reader.Space();
        var second = reader.Mailbox();
        reader.End();
        return (first, second);
    }
}
