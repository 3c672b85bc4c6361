using System.Globalization;
using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>
/// MESSAGELIMIT and SAVELIMIT (RFC 9738): how many messages one command may touch, and how many one APPEND or COPY may store. Both are settings, off unless set. What
/// may be done in part is done for the newest messages, and the answer names the lowest UID that was reached; what must be whole is refused.
/// </summary>
internal static class MessageLimits
{
    /// <summary>The newest messages that fit, and the lowest UID among them when others were left out.</summary>
    public static Uid? Keep(ImapSession session, List<(int Start, int Count)> positions)
    {
        var limit = session.Settings.Imap.MessageLimit;
        var surplus = positions.Sum(p => (long)p.Count) - limit;
        if (limit == 0 || surplus <= 0)
        {
            return null;
        }

        var whole = positions.TakeWhile(p => (surplus -= p.Count) >= 0).Count();
        positions.RemoveRange(0, whole);
        var left = positions[0].Count + surplus; // surplus has gone below zero by what is kept of this range
        positions[0] = (positions[0].Start + (int)left, (int)-surplus);
        return session.Selected!.View[positions[0].Start].Uid;
    }

    /// <summary>The response code for a command that was done in part, null for one that was done in whole.</summary>
    public static string? Code(ImapSession session, Uid? lowest) =>
        lowest is { } uid ? string.Create(CultureInfo.InvariantCulture, $"MESSAGELIMIT {session.Settings.Imap.MessageLimit} {uid.Value}") : null;

    /// <summary>Refuses a command that cannot be done in part.</summary>
    public static Completion Refuse(ImapSession session) =>
        Completion.No("Too many messages at once", string.Create(CultureInfo.InvariantCulture, $"MESSAGELIMIT {session.Settings.Imap.MessageLimit}"));

    /// <summary>How many messages one APPEND or COPY may store, 0 for no limit.</summary>
    public static int Saves(ImapSession session)
    {
        var (limit, saves) = (session.Settings.Imap.MessageLimit, session.Settings.Imap.SaveLimit);
        return saves == 0 ? limit : saves;
    }

    /// <summary>The refusal of so many messages to be stored, null when they are not too many.</summary>
    public static Completion? RefuseSaves(ImapSession session, long messages) =>
        Saves(session) is > 0 and var limit && messages > limit
            ? Completion.No("Too many messages at once", string.Create(CultureInfo.InvariantCulture, $"MESSAGELIMIT {limit}"))
            : null;

    /// <summary>What CAPABILITY says, with a space before.</summary>
    public static string Words(ImapSession session)
    {
        var settings = session.Settings.Imap;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{(settings.MessageLimit > 0 ? $" MESSAGELIMIT={settings.MessageLimit}" : "")}{(settings.SaveLimit > 0 ? $" SAVELIMIT={settings.SaveLimit}" : "")}");
    }
}
