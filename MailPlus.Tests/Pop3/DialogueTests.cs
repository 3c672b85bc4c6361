using MailPlus.Tests.Imap;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Pop3;

/// <summary>Each capability has a transcript under Dialogues/Pop3, in the form <see cref="Dialogue"/> plays. Connection 9 speaks IMAP to the same account.</summary>
public sealed class DialogueTests
{
    private static string Folder => Path.Combine(RepositoryTree.Root, "MailPlus.Tests", "Dialogues", "Pop3");

    public static TheoryData<string> Names => [.. System.IO.Directory.EnumerateFiles(Folder, "*.txt").Select(f => Path.GetFileNameWithoutExtension(f)).Order()];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task TheServerAnswersAsTheTranscriptSays(string name)
    {
        await using var server = await Pop3UnderTest.StartAsync(isLab: name is not ("clear-text" or "stls"));
        await new Dialogue(which => which == 9 ? server.ConnectImap() : server.Connect()).PlayAsync(await File.ReadAllTextAsync(Path.Combine(Folder, name + ".txt")));
        Assert.Empty(server.Log.Errors);
    }
}
