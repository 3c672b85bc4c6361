using System.Globalization;
using System.Text;
using MailPlus.Engine.ManageSieve.Server;
using MailPlus.Engine.ManageSieve.Wire;
using MailPlus.Engine.Sieve.Language;

namespace MailPlus.Engine.ManageSieve.Commands;

/// <summary>HAVESPACE (RFC 5804 2.5).</summary>
internal sealed class HaveSpaceCommand() : ManageSieveCommand("HAVESPACE", ManageSieveStage.After)
{
    public override async ValueTask<ManageSieveReply?> RunAsync(ManageSieveSession session, IReadOnlyList<SieveWord> words, CancellationToken aborted)
    {
        if (words is not [{ IsText: true } name, { Number: { } octets }])
        {
            return WrongArguments;
        }

        await session.Door.Scripts.HaveSpaceAsync(session.Actor!, session.Account, name.Text, octets, aborted);
        return ManageSieveReply.Ok("There is space");
    }
}

/// <summary>PUTSCRIPT (RFC 5804 2.6): a script that cannot run is not kept.</summary>
internal sealed class PutScriptCommand() : ManageSieveCommand("PUTSCRIPT", ManageSieveStage.After)
{
    public override async ValueTask<ManageSieveReply?> RunAsync(ManageSieveSession session, IReadOnlyList<SieveWord> words, CancellationToken aborted) =>
        words is [{ IsText: true } name, { IsText: true } script]
            ? CheckScriptCommand.Judged(await session.Door.Scripts.PutAsync(session.Actor!, session.Account, name.Text, script.Octets, aborted), "The script is kept")
            : WrongArguments;
}

/// <summary>CHECKSCRIPT (RFC 5804 2.12).</summary>
internal sealed class CheckScriptCommand() : ManageSieveCommand("CHECKSCRIPT", ManageSieveStage.After)
{
    public override async ValueTask<ManageSieveReply?> RunAsync(ManageSieveSession session, IReadOnlyList<SieveWord> words, CancellationToken aborted)
    {
        if (words is not [{ IsText: true } script])
        {
            return WrongArguments;
        }

        var problems = await session.Door.Scripts.CheckAsync(session.Actor!, session.Account, script.Octets, aborted);
        return problems.Any(problem => !problem.IsWarning) ? ManageSieveReply.No(string.Join('\n', problems)) : Judged(problems, "The script can run");
    }

    /// <summary>OK, with the warnings there are.</summary>
    public static ManageSieveReply Judged(IReadOnlyList<SieveProblem> problems, string text) => problems.Count == 0 ? ManageSieveReply.Ok(text) : ManageSieveReply.Ok(string.Join('\n', problems), "WARNINGS");
}

/// <summary>LISTSCRIPTS (RFC 5804 2.7).</summary>
internal sealed class ListScriptsCommand() : ManageSieveCommand("LISTSCRIPTS", ManageSieveStage.After)
{
    public override async ValueTask<ManageSieveReply?> RunAsync(ManageSieveSession session, IReadOnlyList<SieveWord> words, CancellationToken aborted)
    {
        if (words.Count > 0)
        {
            return WrongArguments;
        }

        foreach (var script in await session.Door.Scripts.ListAsync(session.Actor!, session.Account, aborted))
        {
            session.Line($"{ManageSieveReply.Quoted(script.Name)}{(script.IsActive ? " ACTIVE" : "")}");
        }

        return ManageSieveReply.Ok("Done");
    }
}

/// <summary>SETACTIVE (RFC 5804 2.8): an empty name makes none active.</summary>
internal sealed class SetActiveCommand() : ManageSieveCommand("SETACTIVE", ManageSieveStage.After)
{
    public override async ValueTask<ManageSieveReply?> RunAsync(ManageSieveSession session, IReadOnlyList<SieveWord> words, CancellationToken aborted)
    {
        if (words is not [{ IsText: true } name])
        {
            return WrongArguments;
        }

        await session.Door.Scripts.ActivateAsync(session.Actor!, session.Account, name.Octets.IsEmpty ? null : name.Text, aborted);
        return ManageSieveReply.Ok("Done");
    }
}

/// <summary>GETSCRIPT (RFC 5804 2.9).</summary>
internal sealed class GetScriptCommand() : ManageSieveCommand("GETSCRIPT", ManageSieveStage.After)
{
    public override async ValueTask<ManageSieveReply?> RunAsync(ManageSieveSession session, IReadOnlyList<SieveWord> words, CancellationToken aborted)
    {
        if (words is not [{ IsText: true } name])
        {
            return WrongArguments;
        }

        var script = await session.Door.Scripts.GetAsync(session.Actor!, session.Account, name.Text, aborted);
        session.Octets(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{{script.Length}}}\r\n")));
        session.Octets(script.Span);
        session.Line("");
        return ManageSieveReply.Ok("Done");
    }
}

/// <summary>DELETESCRIPT (RFC 5804 2.10).</summary>
internal sealed class DeleteScriptCommand() : ManageSieveCommand("DELETESCRIPT", ManageSieveStage.After)
{
    public override async ValueTask<ManageSieveReply?> RunAsync(ManageSieveSession session, IReadOnlyList<SieveWord> words, CancellationToken aborted)
    {
        if (words is not [{ IsText: true } name])
        {
            return WrongArguments;
        }

        await session.Door.Scripts.DeleteAsync(session.Actor!, session.Account, name.Text, aborted);
        return ManageSieveReply.Ok("Done");
    }
}

/// <summary>RENAMESCRIPT (RFC 5804 2.11).</summary>
internal sealed class RenameScriptCommand() : ManageSieveCommand("RENAMESCRIPT", ManageSieveStage.After)
{
    public override async ValueTask<ManageSieveReply?> RunAsync(ManageSieveSession session, IReadOnlyList<SieveWord> words, CancellationToken aborted)
    {
        if (words is not [{ IsText: true } name, { IsText: true } newName])
        {
            return WrongArguments;
        }

        await session.Door.Scripts.RenameAsync(session.Actor!, session.Account, name.Text, newName.Text, aborted);
        return ManageSieveReply.Ok("Done");
    }
}
