using System.Collections.Frozen;
using MailPlus.Engine.ManageSieve.Server;
using MailPlus.Engine.ManageSieve.Wire;

namespace MailPlus.Engine.ManageSieve.Commands;

/// <summary>When a command may come.</summary>
internal enum ManageSieveStage
{
    /// <summary>Always.</summary>
    Any,

    /// <summary>Before signing in.</summary>
    Before,

    /// <summary>After it.</summary>
    After,
}

/// <summary>One command: when it may come, and what it does.</summary>
internal abstract class ManageSieveCommand(string keyword, ManageSieveStage stage)
{
    protected static ManageSieveReply WrongArguments { get; } = ManageSieveReply.No("The arguments are not those of the command");

    public string Keyword => keyword;

    public bool MayRun(ManageSieveSession session) => stage == ManageSieveStage.Any || (stage == ManageSieveStage.After) == session.Actor is not null;

    /// <summary>Runs; the last line of the answer, or null when all of it has been written.</summary>
    public abstract ValueTask<ManageSieveReply?> RunAsync(ManageSieveSession session, IReadOnlyList<SieveWord> words, CancellationToken aborted);
}

/// <summary>All commands, listed by hand.</summary>
internal static class ManageSieveCommands
{
    private static readonly FrozenDictionary<string, ManageSieveCommand> ByKeyword = new ManageSieveCommand[]
    {
        new AuthenticateCommand(), new StartTlsCommand(), new LogoutCommand(), new CapabilityCommand(), new NoopCommand(), new UnauthenticateCommand(),
        new HaveSpaceCommand(), new PutScriptCommand(), new CheckScriptCommand(), new ListScriptsCommand(), new SetActiveCommand(), new GetScriptCommand(),
        new DeleteScriptCommand(), new RenameScriptCommand(),
    }.ToFrozenDictionary(command => command.Keyword, StringComparer.Ordinal);

    public static ManageSieveCommand? Find(string keyword) => ByKeyword.GetValueOrDefault(keyword);
}
