using MailPlus.Engine.Smtp.Server;
using MailPlus.Engine.Smtp.Wire;

namespace MailPlus.Engine.Smtp.Commands;

/// <summary>How far the dialogue has come.</summary>
[Flags]
internal enum SmtpStage
{
    /// <summary>Before EHLO.</summary>
    Start = 1,

    /// <summary>Greeted, no transaction.</summary>
    Ready = 2,

    /// <summary>Sender given, no recipient yet.</summary>
    Mail = 4,

    /// <summary>At least one recipient accepted.</summary>
    Recipients = 8,

    /// <summary>A chunk of the message is here.</summary>
    Chunking = 16,

    Any = Start | Ready | Mail | Recipients | Chunking,
}

/// <summary>One command: when it may come, and what it does.</summary>
internal abstract class SmtpCommand
{
    public abstract SmtpVerb Verb { get; }

    /// <summary>When it may come.</summary>
    public virtual SmtpStage Allowed => SmtpStage.Any;

    /// <summary>May come on 587 before STARTTLS.</summary>
    public virtual bool BeforeTls => false;

    /// <summary>Nobody may send on before its reply has come (RFC 2920 3.1); a few that the peer may close after anyway are let through.</summary>
    public virtual bool EndsGroup => false;

    /// <summary>Costs the server work and brings no mail (DEL-115).</summary>
    public virtual bool IsJunk => false;

    /// <summary>The reply when it comes at the wrong time, null when it may run.</summary>
    public SmtpReply? RefuseNow(SmtpSession session)
    {
        if (session.MustStartTls && !BeforeTls)
        {
            return SmtpReplies.TlsFirst;
        }

        var stage = session.Stage;
        return (Allowed & stage) != 0 ? null : OutOfOrder(stage);
    }

    /// <summary>Runs; the reply, or null when it has been sent.</summary>
    /// <param name="session">The session.</param>
    /// <param name="argument">What follows the verb.</param>
    /// <param name="aborted">Fires when the connection is cut.</param>
    public abstract ValueTask<SmtpReply?> RunAsync(SmtpSession session, string argument, CancellationToken aborted);

    protected virtual SmtpReply OutOfOrder(SmtpStage stage) => stage switch
    {
        SmtpStage.Start => SmtpReplies.HelloFirst,
        SmtpStage.Ready => SmtpReplies.MailFirst,
        SmtpStage.Chunking => SmtpReplies.ChunksBegun,
        _ => SmtpReplies.InTransaction,
    };

    protected static ValueTask<SmtpReply?> Reply(SmtpReply reply) => new(reply);
}

/// <summary>All commands; adding one is a line here and a class beside.</summary>
internal static class SmtpCommands
{
    private static readonly SmtpCommand?[] ByVerb = Index(
        new HeloCommand(),
        new EhloCommand(),
        new MailCommand(),
        new RcptCommand(),
        new DataCommand(),
        new BdatCommand(),
        new RsetCommand(),
        new NoopCommand(),
        new QuitCommand(),
        new VrfyCommand(),
        new ExpnCommand(),
        new HelpCommand(),
        new StartTlsCommand(),
        new AuthCommand(),
        new EtrnCommand(),
        new XClientCommand());

    /// <summary>The command of a verb, null when there is none.</summary>
    public static SmtpCommand? Find(SmtpVerb verb) => ByVerb[(int)verb];

    private static SmtpCommand?[] Index(params SmtpCommand[] commands)
    {
        var index = new SmtpCommand?[Enum.GetValues<SmtpVerb>().Length];
        foreach (var command in commands)
        {
            index[(int)command.Verb] = command;
        }

        return index;
    }
}
