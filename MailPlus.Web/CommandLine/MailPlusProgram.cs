using MailPlus.Engine.Backup;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;

namespace MailPlus.Web.CommandLine;

/// <summary>The program: a verb of the command line, or the server.</summary>
internal static class MailPlusProgram
{
    /// <summary>Runs a command line; 0 or 1.</summary>
    internal static async Task<int> RunAsync(string[] arguments)
    {
        try
        {
            var words = CommandWords.Parse(arguments);
            switch (words.Words.FirstOrDefault() ?? (words.Has("--help") ? "help" : "serve"))
            {
                case "help":
                    WriteHelp();
                    return 0;
                case "version":
                    Console.WriteLine(typeof(MailPlusProgram).Assembly.GetName().Version?.ToString(3));
                    return 0;
                case "serve":
                    await ServeVerb.RunAsync(RunOptionsReader.Read(words));
                    return 0;
                case "restore":
                    var manifest = Restore.Run(Path.GetFullPath(words.Word(1, "DIR")), RunOptionsReader.DataFolder(words));
                    Console.WriteLine($"{manifest.Accounts} accounts restored, as they were at {manifest.Made:u}.");
                    return 0;
                case "licence" when LicenceIssueVerbs.IsNamed(words):
                    await LicenceIssueVerbs.RunAsync(words, Console.Out);
                    return 0;
                default:
                    return await RunVerbAsync(words, arguments);
            }
        }
        catch (UsageException fault)
        {
            await Console.Error.WriteLineAsync(fault.Message);
            return 1;
        }
        catch (RefusedException refused)
        {
            await Console.Error.WriteLineAsync(RefusalText.English(refused.Refusal));
            return 1;
        }
    }

    private static async Task<int> RunVerbAsync(CommandWords words, string[] arguments)
    {
        var verb = Verb.Find(words.Words) ?? throw new UsageException($"There is no verb '{string.Join(' ', words.Words)}'; 'help' lists them.");
        if (words.Has("--help"))
        {
            Console.WriteLine($"{verb.Name} {verb.Usage}");
            return 0;
        }

        var input = words.Has("--password-stdin") ? await Console.In.ReadToEndAsync() : "";
        var response = await VerbClient.RunAsync(new RunOptions { DataFolder = RunOptionsReader.DataFolder(words), Database = RunOptionsReader.Database(words) }, new VerbRequest(arguments, input, Environment.CurrentDirectory), CancellationToken.None);
        await Console.Out.WriteAsync(response.Output);
        await Console.Error.WriteAsync(response.Error);
        return response.Code;
    }

    private static void WriteHelp()
    {
        Console.WriteLine("MailPlus: a mail server with admin console and webmail.");
        Console.WriteLine();
        Console.WriteLine("  serve (default)  --" + string.Join(" --", RunOptionsReader.Listeners) + "  each ADDRESS:PORT, off, or port 0");
        Console.WriteLine("                   --ports-file FILE  --loopback-lab");
        Console.WriteLine("                   --database 'Host=…;Database=…;Username=…'  PostgreSQL instead of files (or MAILPLUS_DATABASE)");
        foreach (var verb in VerbTable.All)
        {
            Console.WriteLine($"  {verb.Name} {verb.Usage}");
        }

        Console.WriteLine("  restore DIR");
        Console.WriteLine("  licence issuer FILE                     makes the key licences are signed with");
        Console.WriteLine("  licence issue FILE --accounts N [--from DAY] [--until DAY]");
        Console.WriteLine();
        Console.WriteLine("All take --data DIR (or MAILPLUS_DATA; default ./data). Exit code 0 or 1.");
    }
}
