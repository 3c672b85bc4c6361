using System.Reflection;
using Xunit;

namespace MailPlus.Tests.House;

/// <summary>A folder of the engine uses lower levels freely, and of its own level only the folders listed before it.</summary>
public sealed class LevelTests
{
    private const string Root = "MailPlus.Engine.";

    /// <summary>The level table of the engine's README; within a level the order counts.</summary>
    private static readonly string[][] Levels =
    [
        ["Primitives"],
        ["Mime", "Smtp.Wire", "Imap.Wire", "Pop3.Wire", "ManageSieve.Wire", "Sieve.Language"],
        ["Database", "Settings", "Events", "Net", "Tls", "Resolver"],
        ["Accounts", "Domains", "Store", "Search", "MailAuth"],
        ["Smtp.Client", "Filtering", "Sieve"],
        ["Delivery", "Notices"],
        ["Smtp", "Imap", "Pop3", "ManageSieve"],
        ["Audit", "Monitoring", "Migration", "Backup", "Cluster"],
        ["Hosting"],
    ];

    private static readonly Dictionary<string, (int Level, int Place)> Places = Levels
        .SelectMany((folders, level) => folders.Select((folder, place) => (folder, level, place)))
        .ToDictionary(x => x.folder, x => (x.level, x.place), StringComparer.Ordinal);

    private static readonly Assembly Engine = typeof(MailPlus.Engine.Primitives.Actor).Assembly;

    [Fact]
    public void Every_folder_of_the_engine_has_a_level()
    {
        var strangers = EngineTypes().Where(t => FolderOf(t) is null).Select(t => t.FullName).ToList();
        Assert.True(strangers.Count == 0, $"no level for: {string.Join(", ", strangers.Take(20))}");
    }

    [Fact]
    public void Folders_use_only_what_lies_below_them()
    {
        var violations = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var type in EngineTypes())
        {
            var from = FolderOf(type);
            foreach (var used in CompiledCode.Mentioned(type).Where(t => t.Assembly == Engine))
            {
                var to = FolderOf(used);
                if (from is not null && to is not null && from != to && !MayUse(from, to))
                {
                    violations.Add($"{Outermost(type).FullName![Root.Length..]} ({from}, level {Places[from].Level}) uses {Outermost(used).FullName![Root.Length..]} ({to}, level {Places[to].Level})");
                }
            }
        }

        Assert.True(violations.Count == 0, $"{violations.Count} uses against the level table:\n{string.Join('\n', violations)}");
    }

    [Fact]
    public void The_engine_knows_nothing_of_the_web()
        => Assert.DoesNotContain(Engine.GetReferencedAssemblies(), a => a.Name!.StartsWith("MailPlus.", StringComparison.Ordinal));

    [Theory]
    [InlineData("Delivery", "Smtp", false)]
    [InlineData("Delivery", "Smtp.Client", true)]
    [InlineData("Smtp.Client", "Smtp.Wire", true)]
    [InlineData("Settings", "Events", false)]
    [InlineData("Events", "Settings", true)]
    [InlineData("Store", "Imap", false)]
    public void The_table_says_what_the_design_says(string from, string to, bool allowed) => Assert.Equal(allowed, MayUse(from, to));

    private static bool MayUse(string from, string to)
    {
        var (level, place) = Places[from];
        var (otherLevel, otherPlace) = Places[to];
        return otherLevel < level || (otherLevel == level && otherPlace < place);
    }

    private static IEnumerable<Type> EngineTypes() => Engine.GetTypes().Where(t => t.Namespace?.StartsWith(Root, StringComparison.Ordinal) == true);

    private static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;

    /// <summary>The listed folder a type lies in: the longest listed one its namespace begins with.</summary>
    private static string? FolderOf(Type type)
    {
        for (var name = type.Namespace is { Length: > 0 } space && space.StartsWith(Root, StringComparison.Ordinal) ? space[Root.Length..] : ""; name.Length > 0;)
        {
            if (Places.ContainsKey(name))
            {
                return name;
            }

            var dot = name.LastIndexOf('.');
            name = dot < 0 ? "" : name[..dot];
        }

        return null;
    }
}
