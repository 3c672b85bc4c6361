using System.Collections.Frozen;
using MailPlus.Engine.Smtp.Wire;

namespace MailPlus.Engine.Smtp.Commands;

/// <summary>What HELP says of each command.</summary>
internal static class HelpTexts
{
    private static readonly FrozenDictionary<SmtpVerb, string[]> Texts = new Dictionary<SmtpVerb, string[]>
    {
        [SmtpVerb.Helo] = ["HELO host", "Greets without extensions."],
        [SmtpVerb.Ehlo] = ["EHLO host", "Greets and lists the extensions that can be used now."],
        [SmtpVerb.Mail] = ["MAIL FROM:<sender> [parameters]", "Begins a message. <> is the sender of status notifications.", "Parameters are those of the extensions that EHLO lists: SIZE BODY SMTPUTF8 RET ENVID BY and more."],
        [SmtpVerb.Rcpt] = ["RCPT TO:<recipient> [NOTIFY=NEVER|SUCCESS,FAILURE,DELAY] [ORCPT=type;address]", "Names a recipient; once for each."],
        [SmtpVerb.Data] = ["DATA", "Begins the text of the message. It ends with a line that holds only a dot."],
        [SmtpVerb.Bdat] = ["BDAT size [LAST]", "Sends so many octets of the message, with LAST its end."],
        [SmtpVerb.Rset] = ["RSET", "Forgets the message begun."],
        [SmtpVerb.Noop] = ["NOOP [text]", "Does nothing."],
        [SmtpVerb.Quit] = ["QUIT", "Ends the session."],
        [SmtpVerb.Vrfy] = ["VRFY address", "Asks whether an address exists; who is told is a setting of this server."],
        [SmtpVerb.Expn] = ["EXPN address", "Asks whom an address stands for; who is told is a setting of this server."],
        [SmtpVerb.Help] = ["HELP [command]", "Lists the commands, or explains one."],
        [SmtpVerb.StartTls] = ["STARTTLS", "Begins TLS; what was said before is forgotten."],
        [SmtpVerb.Auth] = ["AUTH mechanism [initial-response]", "Signs in by one of the mechanisms that EHLO lists."],
        [SmtpVerb.Etrn] = ["ETRN domain | @domain", "Tries at once what waits for a domain, with @ also for those below it; who may ask is a setting of this server."],
        [SmtpVerb.XClient] = ["XCLIENT attribute=value ...", "Lets a trusted proxy say for which client it speaks."],
    }.ToFrozenDictionary();

    /// <summary>The list of commands.</summary>
    public static SmtpReply All { get; } = new(214, "2.0.0", ["Commands: " + string.Join(' ', Texts.Keys.Order().Select(verb => verb.ToString().ToUpperInvariant())), "HELP command explains one."]);

    /// <summary>What is said of a command, null when it is none of ours.</summary>
    public static SmtpReply? Of(SmtpVerb verb) => Texts.TryGetValue(verb, out var lines) ? new SmtpReply(214, "2.0.0", lines) : null;
}
