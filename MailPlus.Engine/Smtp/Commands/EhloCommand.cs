using System.Globalization;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Engine.Smtp.Server;
using MailPlus.Engine.Smtp.Wire;

namespace MailPlus.Engine.Smtp.Commands;

/// <summary>EHLO (RFC 5321 4.1.1.1): says what is offered at this moment.</summary>
internal sealed class EhloCommand : SmtpCommand
{
    public override SmtpVerb Verb => SmtpVerb.Ehlo;

    public override bool EndsGroup => true;

    public override bool BeforeTls => true;

    public override async ValueTask<SmtpReply?> RunAsync(SmtpSession session, string argument, CancellationToken aborted)
    {
        if (argument.Length == 0)
        {
            return SmtpReplies.NeedsName;
        }

        await session.GreetAsync(argument, extended: true);
        return new SmtpReply(250, null, Keywords(session));
    }

    private static List<string> Keywords(SmtpSession session)
    {
        var settings = session.Settings.Smtp;
        List<string> lines =
        [
            session.Hostname,
            "PIPELINING",
            string.Create(CultureInfo.InvariantCulture, $"SIZE {settings.MaximumMessageSize}"),
        ];
        if (!session.Connection.IsTls)
        {
            lines.Add("STARTTLS");
        }

        if (AuthCommand.Keyword(session) is { } auth)
        {
            lines.Add(auth);
        }

        lines.AddRange(
        [
            "ENHANCEDSTATUSCODES",
            "8BITMIME",
            "SMTPUTF8",
            "DSN",
            "CHUNKING",
            "BINARYMIME",
            "DELIVERBY", // RFC 2852 2: no shortest time, every second is counted
        ]);
        if (session.Connection.IsTls)
        {
            lines.Add("REQUIRETLS"); // RFC 8689 4.1: never in clear text
        }

        if (session.Role != SmtpRole.Mx || session.Actor is not null)
        {
            lines.AddRange(ForSubmission(session)); // mail-rules 39
        }

        lines.Add(Limits(settings));
        if (EtrnCommand.IsOffered(session))
        {
            lines.Add("ETRN");
        }

        if (ExpnCommand.IsOffered(session))
        {
            lines.Add("EXPN");
        }

        if (session.IsFromProxy)
        {
            lines.Add($"XCLIENT {XClientAttributes.Names}");
        }

        lines.Add("HELP");
        return lines;
    }

    private static IEnumerable<string> ForSubmission(SmtpSession session)
    {
        if (session.Settings.Smtp.MaximumHoldDays is > 0 and var days)
        {
            // RFC 4865 3: the longest span in seconds and the latest moment.
            var most = TimeSpan.FromDays(days);
            var latest = session.Door.Clock.GetUtcNow().Add(most);
            yield return string.Create(CultureInfo.InvariantCulture, $"FUTURERELEASE {(long)most.TotalSeconds} {latest:yyyy-MM-dd'T'HH:mm:ss'Z'}");
        }

        yield return "MT-PRIORITY";
    }

    /// <summary>RFC 9422 4: what a client would otherwise learn by being refused.</summary>
    private static string Limits(SmtpSettings settings)
    {
        var messages = settings.MaximumMessagesPerConnection;
        return string.Create(CultureInfo.InvariantCulture, $"LIMITS {(messages > 0 ? $"MAILMAX={messages} " : "")}RCPTMAX={settings.MaximumRecipients}");
    }
}
