using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.House;

/// <summary>Names are words of an administrator or an RFC, and say where a thing lies.</summary>
public sealed partial class NameTests
{
    private static readonly string[] Projects = ["MailPlus.Engine", "MailPlus.Web", "MailPlus.Tests"];

    private static readonly string[] BannedEndings = ["Manager", "Helper", "Util", "Utils", "Service", "Processor", "Impl", "Base", "Info", "Data"];

    /// <summary>Types of the platform that are written unqualified everywhere.</summary>
    private static readonly string[] PlatformTypes = ["Directory", "Dns", "File", "Path", "Timer", "Convert", "Encoding", "Stream", "Task", "Random", "Math", "Lock", "Socket", "Enum"];

    public static TheoryData<string> ProjectNames => [.. Projects];

    [Theory]
    [MemberData(nameof(ProjectNames))]
    public void No_type_ends_in_a_word_that_says_nothing(string project)
    {
        var named = Types(project).Where(t => BannedEndings.Any(e => Bare(t).Length > e.Length && Bare(t).EndsWith(e, StringComparison.Ordinal))).Select(t => t.FullName).ToList();
        Assert.True(named.Count == 0, $"names to think about again: {string.Join(", ", named)}");
    }

    [Theory]
    [MemberData(nameof(ProjectNames))]
    public void No_folder_bears_the_name_of_a_type_written_unqualified(string project)
    {
        var types = Projects.SelectMany(Types).Where(t => !t.IsNested).Select(Bare).Concat(PlatformTypes).ToHashSet(StringComparer.Ordinal);
        var folders = Sources(project).Select(f => Path.GetDirectoryName(f)!).Distinct()
            .Select(f => Path.GetRelativePath(Path.Combine(RepositoryTree.Root, project), f)).Where(f => types.Contains(Path.GetFileName(f))).ToList();
        Assert.True(folders.Count == 0, $"folders of {project} named like a type: {string.Join(", ", folders)}");
    }

    [Theory]
    [MemberData(nameof(ProjectNames))]
    public void A_namespace_is_the_path_of_its_folder(string project)
    {
        var wrong = new List<string>();
        foreach (var file in Sources(project))
        {
            if (NamespaceLine().Match(File.ReadAllText(file)) is { Success: true } line)
            {
                var expected = Path.GetDirectoryName(Path.GetRelativePath(RepositoryTree.Root, file))!.Replace('/', '.');
                if (line.Groups[1].Value != expected)
                {
                    wrong.Add($"{Path.GetRelativePath(RepositoryTree.Root, file)}: {line.Groups[1].Value}");
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private static IEnumerable<string> Sources(string project)
        => System.IO.Directory.EnumerateFiles(Path.Combine(RepositoryTree.Root, project), "*.cs", SearchOption.AllDirectories)
            .Where(f => !BuildOutput().IsMatch(f) && !f.Contains("/Migrations/", StringComparison.Ordinal));

    private static IEnumerable<Type> Types(string project) => Assembly.Load(project).GetTypes()
        .Where(t => t.Namespace?.StartsWith(project, StringComparison.Ordinal) == true
            && !t.Namespace.Contains(".Migrations", StringComparison.Ordinal)
            && t.GetCustomAttribute<CompilerGeneratedAttribute>() is null
            && !t.Name.Contains('<', StringComparison.Ordinal));

    private static string Bare(Type type) => type.Name.Split('`')[0];

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex("/(bin|obj|node_modules)/")]
    private static partial Regex BuildOutput();
}
