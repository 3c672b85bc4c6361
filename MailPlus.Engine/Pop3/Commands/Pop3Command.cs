using System.Collections.Frozen;
using MailPlus.Engine.Pop3.Server;
using MailPlus.Engine.Pop3.Wire;

namespace MailPlus.Engine.Pop3.Commands;

/// <summary>When a command may come (RFC 1939 3).</summary>
[Flags]
internal enum Pop3Stage
{
    /// <summary>AUTHORIZATION.</summary>
    Before = 1,

    /// <summary>TRANSACTION.</summary>
    After = 2,

    Any = Before | After,
}

/// <summary>One command: when it may come, and what it does.</summary>
internal abstract class Pop3Command(string keyword, Pop3Stage allowed)
{
    public string Keyword => keyword;

    public bool MayRun(Pop3Session session) => (allowed & (session.IsSignedIn ? Pop3Stage.After : Pop3Stage.Before)) != 0;

    /// <summary>Runs; the first and only line of the answer, or null when all of it has been written.</summary>
    public abstract ValueTask<Pop3Reply?> RunAsync(Pop3Session session, Pop3Line line, CancellationToken aborted);

    protected static ValueTask<Pop3Reply?> Reply(Pop3Reply reply) => new(reply);

    /// <summary>The message number a command needs as its only word; -1 when there is no such message.</summary>
    protected static int Only(Pop3Session session, Pop3Line line) => line.Words() is [var number] ? session.Maildrop.Find(number) : -1;
}

/// <summary>All commands, listed by hand.</summary>
internal static class Pop3Commands
{
    private static readonly FrozenDictionary<string, Pop3Command> ByKeyword = new Pop3Command[]
    {
        new CapaCommand(), new UserCommand(), new PassCommand(), new ApopCommand(), new AuthCommand(), new StlsCommand(), new QuitCommand(),
        new StatCommand(), new ListCommand(), new UidlCommand(), new RetrCommand(), new TopCommand(), new DeleCommand(), new RsetCommand(), new NoopCommand(),
        new LangCommand(), new Utf8Command(),
    }.ToFrozenDictionary(command => command.Keyword, StringComparer.Ordinal);

    /// <summary>The command of a keyword in capitals, null when there is none.</summary>
    public static Pop3Command? Find(string keyword) => ByKeyword.GetValueOrDefault(keyword);
}
