using MailPlus.Tests.Imap;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.ManageSieve;

/// <summary>Each transcript under Dialogues/ManageSieve, in the form <see cref="Dialogue"/> plays.</summary>
public sealed class ManageSieveDialogueTests
{
    private static string Folder => Path.Combine(RepositoryTree.Root, "MailPlus.Tests", "Dialogues", "ManageSieve");

    public static TheoryData<string> Names => [.. System.IO.Directory.EnumerateFiles(Folder, "*.txt").Select(f => Path.GetFileNameWithoutExtension(f)).Order()];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_server_answers_as_the_transcript_says(string name)
    {
        await using var server = await ManageSieveUnderTest.StartAsync(isLab: name is not "starttls");
        await new Dialogue(_ => server.Connect()).PlayAsync(await File.ReadAllTextAsync(Path.Combine(Folder, name + ".txt")));
        Assert.Empty(server.Log.Errors);
    }
}
