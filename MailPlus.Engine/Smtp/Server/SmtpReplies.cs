using System.Globalization;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Smtp.Wire;

namespace MailPlus.Engine.Smtp.Server;

/// <summary>Where a refusal is answered; some kinds have another code there.</summary>
internal enum SmtpStep
{
    Mail,
    Rcpt,
    Data,
    Auth,
}

/// <summary>All that this server says; the one place where a refusal becomes a code (design rule 5).</summary>
internal static class SmtpReplies
{
    public static readonly SmtpReply Ok = new(250, "2.0.0", "Ok");
    public static readonly SmtpReply SenderOk = new(250, "2.1.0", "Sender ok");
    public static readonly SmtpReply RecipientOk = new(250, "2.1.5", "Recipient ok");
    public static readonly SmtpReply StartMail = new(354, null, "End data with <CR><LF>.<CR><LF>");
    public static readonly SmtpReply NoHelp = new(504, "5.5.4", "No help on this; HELP lists the commands");
    public static readonly SmtpReply NoSuchList = new(550, "5.1.1", "No such list or mailbox");
    public static readonly SmtpReply BadNode = new(501, "5.5.4", "Syntax: ETRN domain or ETRN @domain");
    public static readonly SmtpReply NodeNotAllowed = new(459, "4.7.1", "Node not allowed: starting queues is not for this client");
    public static readonly SmtpReply CannotStart = new(458, "4.3.0", "Unable to start the queue, try again later");
    public static readonly SmtpReply CannotVerify = new(252, "2.1.5", "Cannot verify the user; send mail and it will be tried");
    public static readonly SmtpReply ReadyForTls = new(220, "2.0.0", "Ready to start TLS");
    public static readonly SmtpReply Authenticated = new(235, "2.7.0", "Authentication successful");

    public static readonly SmtpReply Unrecognized = new(500, "5.5.2", "Command not recognized");
    public static readonly SmtpReply MalformedLine = new(500, "5.5.2", "Line is not UTF-8 text or holds control characters");
    public static readonly SmtpReply LineTooLong = new(500, "5.5.2", "Line too long");
    public static readonly SmtpReply BareLineFeed = new(500, "5.5.2", "Bare LF; lines end with CRLF");
    public static readonly SmtpReply BareCarriageReturn = new(500, "5.5.2", "Bare CR; lines end with CRLF");
    public static readonly SmtpReply NoArgument = new(501, "5.5.4", "This command takes no argument");
    public static readonly SmtpReply NeedsName = new(501, "5.5.4", "A host name or address literal is needed");
    public static readonly SmtpReply NotImplemented = new(502, "5.5.1", "Command not implemented");
    public static readonly SmtpReply BadParameter = new(501, "5.5.4", "Parameter has a wrong value");
    public static readonly SmtpReply UnknownParameter = new(555, "5.5.4", "Parameter not recognized");
    public static readonly SmtpReply BadSender = new(501, "5.1.7", "Syntax: MAIL FROM:<address>");
    public static readonly SmtpReply BadRecipient = new(501, "5.1.3", "Syntax: RCPT TO:<address>");
    public static readonly SmtpReply SenderAtLiteral = new(550, "5.1.7", "Senders at address literals are not accepted");
    public static readonly SmtpReply RecipientAtLiteral = new(550, "5.1.3", "Recipients at address literals are not accepted");
    public static readonly SmtpReply NeedsSmtpUtf8 = new(553, "5.6.7", "Address needs SMTPUTF8");
    public static readonly SmtpReply BadChunkSize = new(501, "5.5.4", "Syntax: BDAT size [LAST]") { Closes = true };

    public static readonly SmtpReply HelloFirst = new(503, "5.5.1", "Send EHLO first");
    public static readonly SmtpReply MailFirst = new(503, "5.5.1", "Send MAIL first");
    public static readonly SmtpReply NestedMail = new(503, "5.5.1", "Sender already given");
    public static readonly SmtpReply SentAhead = new(503, "5.5.0", "Improper use of SMTP command pipelining") { Closes = true };
    public static readonly SmtpReply BinaryNeedsChunks = new(503, "5.5.1", "BODY=BINARYMIME is sent with BDAT");
    public static readonly SmtpReply ChunksBegun = new(503, "5.5.1", "Only BDAT, RSET or QUIT after a chunk");
    public static readonly SmtpReply NoRecipients = new(554, "5.5.1", "No valid recipients");
    public static readonly SmtpReply InTransaction = new(503, "5.5.1", "Not during a mail transaction");
    public static readonly SmtpReply TlsAlready = new(503, "5.5.1", "TLS is active already");
    public static readonly SmtpReply AuthenticatedAlready = new(503, "5.5.1", "Already authenticated");
    public static readonly SmtpReply TooManyRecipients = new(452, "4.5.3", "Too many recipients; send the rest in another transaction");

    public static readonly SmtpReply TlsFirst = new(530, "5.7.0", "Must issue a STARTTLS command first");
    public static readonly SmtpReply AuthenticationRequired = new(530, "5.7.0", "Authentication required");
    public static readonly SmtpReply EncryptionRequired = new(538, "5.7.11", "Encryption required for authentication");
    public static readonly SmtpReply UnknownMechanism = new(504, "5.5.4", "Authentication mechanism not supported");
    public static readonly SmtpReply BadBase64 = new(501, "5.5.2", "Cannot decode the response");
    public static readonly SmtpReply AuthenticationCancelled = new(501, "5.7.0", "Authentication cancelled");
    public static readonly SmtpReply NoProxy = new(550, "5.7.0", "Not authorized to speak for others");
    public static readonly SmtpReply AuthenticationFailed = new(535, "5.7.8", "Authentication failed");

    public static readonly SmtpReply BareLineEndInMessage = new(550, "5.6.0", "Message holds a bare CR or LF; lines end with CRLF");
    public static readonly SmtpReply AcceptanceTimeout = new(451, "4.3.0", "Taking the message took too long, try again later");
    public static readonly SmtpReply NotHttp = new(554, "5.5.1", "This is a mail server, not a web server") { Closes = true };
    public static readonly SmtpReply NotTls = new(554, "5.5.1", "TLS begins with STARTTLS on this port") { Closes = true };

    public static SmtpReply Greeting(string hostname, string banner) => new(220, null, $"{hostname} {banner}".TrimEnd());

    /// <summary>Mail-rules 14: too much from one address; it may come again later.</summary>
    public static SmtpReply TooMuch(Refusal refusal, string hostname) => new(421, "4.7.0", $"{hostname} {RefusalText.English(refusal)}") { Closes = true };

    public static SmtpReply Bye(string hostname) => new(221, "2.0.0", $"{hostname} closing connection") { Closes = true };

    public static SmtpReply Queued(EntryId entry) => new(250, "2.0.0", $"Ok: queued as {entry}");

    public static SmtpReply Verified(EmailAddress address) => new(250, "2.1.5", $"<{address}>");

    public static SmtpReply Expanded(Account account)
    {
        var name = string.Concat(account.DisplayName.Where(c => c is not ('"' or '\\'))).Trim();
        return new SmtpReply(250, "2.1.5", name.Length > 0 && name.All(char.IsAscii) ? $"\"{name}\" <{account.PrimaryAddress}>" : $"<{account.PrimaryAddress}>");
    }

    /// <summary>RFC 5321 3.5.2: a line for each of a list.</summary>
    public static SmtpReply Expanded(IReadOnlyList<EmailAddress> members) => new(250, "2.1.5", [.. members.Select(member => $"<{member}>")]);

    /// <summary>RFC 1985 5.2.</summary>
    public static SmtpReply Started(DomainName domain, int messages) => messages == 0
        ? new SmtpReply(251, "2.0.0", $"Ok, no messages waiting for {domain.Ascii}")
        : new SmtpReply(253, "2.0.0", string.Create(CultureInfo.InvariantCulture, $"Ok, {messages} pending messages for {domain.Ascii} started"));

    public static SmtpReply ChunkTaken(long octets) => new(250, "2.0.0", string.Create(CultureInfo.InvariantCulture, $"{octets} octets received"));

    public static SmtpReply TooLarge(long limit) => new(552, "5.3.4", string.Create(CultureInfo.InvariantCulture, $"Message is larger than {limit} octets"));

    public static SmtpReply Timeout(string hostname) => new(421, "4.4.2", $"{hostname} timeout exceeded") { Closes = true };

    public static SmtpReply ShuttingDown(string hostname) => new(421, "4.3.2", $"{hostname} is shutting down") { Closes = true };

    public static SmtpReply TooManyErrors(string hostname) => new(421, "4.7.0", $"{hostname} too many errors") { Closes = true };

    public static SmtpReply TooManyMessages(string hostname) => new(421, "4.7.0", $"{hostname} too many messages on one connection") { Closes = true };

    public static SmtpReply TooManyFailures(string hostname) => new(421, "4.7.0", $"{hostname} too many authentication failures") { Closes = true };

    public static SmtpReply InternalError(string connection) => new(421, "4.3.0", $"Internal error; the postmaster finds it under {connection}") { Closes = true };

    /// <summary>Refusal to code.</summary>
    public static SmtpReply For(Refusal refusal, SmtpStep step)
    {
        var (code, enhanced) = refusal.Kind switch
        {
            RefusalKind.UnknownRecipient or RefusalKind.NotFound => refusal.Temporary ? (450, "4.1.1") : (550, "5.1.1"),
            RefusalKind.RelayDenied => (554, "5.7.1"),
            RefusalKind.OverQuota => (452, "4.2.2"), // mail-rules 13
            RefusalKind.TooLarge => (552, "5.3.4"),
            RefusalKind.TooMany => (452, "4.5.3"), // mail-rules 14
            RefusalKind.AuthenticationFailed => (535, "5.7.8"),
            RefusalKind.Throttled => step == SmtpStep.Auth ? (454, "4.7.0") : (450, "4.7.1"), // mail-rules 14: never 5xx
            RefusalKind.NotAllowed when step == SmtpStep.Mail && !refusal.Temporary => (553, "5.7.1"),
            RefusalKind.Unavailable when refusal.IsStorageFull => (452, "4.3.1"), // RFC 5321 4.2.3
            RefusalKind.Unavailable or RefusalKind.Conflict => (451, "4.3.0"),
            RefusalKind.Invalid => refusal.Temporary ? (451, "4.6.0") : step == SmtpStep.Data ? (554, "5.6.0") : (553, "5.1.3"),
            RefusalKind.MessageRefused when step == SmtpStep.Data => refusal.Temporary ? (451, "4.7.1") : (554, "5.7.1"),
            _ => refusal.Temporary ? (450, "4.7.1") : (550, "5.7.1"),
        };
        if (refusal.EnhancedStatus is { Length: >= 5 } exact && exact[0] is '4' or '5')
        {
            enhanced = refusal.EnhancedStatus!;
            code = enhanced[0] == code.ToString(CultureInfo.InvariantCulture)[0] ? code : enhanced[0] == '4' ? 451 : 554;
        }

        return new SmtpReply(code, enhanced, RefusalText.English(refusal));
    }
}
