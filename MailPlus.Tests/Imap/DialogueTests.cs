using MailPlus.Engine.Settings;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Imap;

/// <summary>Each command has a transcript under Dialogues/Imap.</summary>
public sealed class DialogueTests
{
    private static string Folder => Path.Combine(RepositoryTree.Root, "MailPlus.Tests", "Dialogues", "Imap");

    public static TheoryData<string> Names => [.. System.IO.Directory.EnumerateFiles(Folder, "*.txt").Select(f => Path.GetFileNameWithoutExtension(f)).Order()];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task TheServerAnswersAsTheTranscriptSays(string name)
    {
        await using var server = await ImapUnderTest.StartAsync(isLab: name != "clear-text", quota: name == "quota" ? 4096 : 0, progressEvery: name == "inprogress" ? TimeSpan.Zero : null, Settings(name), withColleagues: name is "acl" or "shared" or "notify-shared");
        await new Dialogue(server).PlayAsync(await File.ReadAllTextAsync(Path.Combine(Folder, name + ".txt")));
        Assert.Empty(server.Log.Errors);
    }

    private static SettingsSnapshot? Settings(string name) => name switch
    {
        "messagelimit" => new SettingsSnapshot { Imap = new() { MessageLimit = 2 } },
        "savelimit" => new SettingsSnapshot { Imap = new() { SaveLimit = 2 } },
        _ => null,
    };
}
