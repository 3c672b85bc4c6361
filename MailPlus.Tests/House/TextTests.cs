using System.Net;
using System.Reflection;
using System.Reflection.Emit;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using MailPlus.Tests.Support;
using Microsoft.AspNetCore.Components;
using Xunit;

namespace MailPlus.Tests.House;

/// <summary>Every word a person reads comes from resources, in English and in Korean.</summary>
public sealed partial class TextTests
{
    /// <summary>Words that are the same in every language.</summary>
    private static readonly string[] NamesOfThings = ["MailPlus", "Ctrl", "English", "한국어", "IMAP", "SMTP", "POP3", "DKIM", "SPF", "DNS", "TLS", "REST", "Esc"];

    private static readonly HashSet<string> ReadAttributes = new(StringComparer.OrdinalIgnoreCase)
        { "aria-label", "aria-description", "title", "placeholder", "alt", "label", "text", "heading", "subtitle", "caption", "message", "purpose", "summary", "hint" };

    [Fact]
    public void Every_resource_file_has_a_Korean_twin_with_the_same_keys()
    {
        var faults = new List<string>();
        var files = ResourceFiles();
        foreach (var english in files.Where(f => !f.EndsWith(".ko.resx", StringComparison.Ordinal)))
        {
            var korean = english[..^".resx".Length] + ".ko.resx";
            if (!File.Exists(korean))
            {
                faults.Add($"{Shown(english)} has no Korean twin");
                continue;
            }

            var (en, ko) = (Entries(english), Entries(korean));
            faults.AddRange(en.Keys.Except(ko.Keys).Select(k => $"{Shown(korean)} lacks {k}"));
            faults.AddRange(ko.Keys.Except(en.Keys).Select(k => $"{Shown(english)} lacks {k}"));
            faults.AddRange(en.Where(e => e.Value.Trim().Length == 0).Select(e => $"{Shown(english)}: {e.Key} is empty"));
            faults.AddRange(ko.Where(e => e.Value.Trim().Length == 0).Select(e => $"{Shown(korean)}: {e.Key} is empty"));
            faults.AddRange(en.Keys.Intersect(ko.Keys).Where(k => !Placeholders(en[k]).SetEquals(Placeholders(ko[k]))).Select(k => $"{Shown(korean)}: {k} has other placeholders"));
        }

        faults.AddRange(files.Where(f => f.EndsWith(".ko.resx", StringComparison.Ordinal) && !File.Exists(f[..^".ko.resx".Length] + ".resx")).Select(f => $"{Shown(f)} has no English twin"));
        Assert.NotEmpty(files);
        Assert.True(faults.Count == 0, $"{faults.Count} faults:\n{string.Join('\n', faults.Take(60))}");
    }

    /// <summary>The build names a resource after the first type in the .cs file beside it: when that is another one, English would show keys.</summary>
    [Theory]
    [InlineData("MailPlus.Engine")]
    [InlineData("MailPlus.Web")]
    public void Every_resource_file_is_built_in_under_its_own_name(string project)
    {
        var names = Assembly.Load(project).GetManifestResourceNames().ToHashSet(StringComparer.Ordinal);
        var missing = ResourceFiles().Where(file => !file.EndsWith(".ko.resx", StringComparison.Ordinal)).Select(Shown).Where(file => file.StartsWith(project + "/", StringComparison.Ordinal))
            .Select(file => $"{file[..^".resx".Length].Replace('/', '.')}.resources").Where(name => !names.Contains(name)).ToList();
        Assert.True(missing.Count == 0, string.Join('\n', missing));
    }

    [Fact]
    public void Pages_say_nothing_that_is_not_in_their_resources()
    {
        var faults = new SortedSet<string>(StringComparer.Ordinal);
        var web = Assembly.Load("MailPlus.Web");
        var seen = 0;
        foreach (var type in web.GetTypes().Where(t => typeof(ComponentBase).IsAssignableFrom(OutermostOf(t))))
        {
            foreach (var method in CompiledCode.Methods(type))
            {
                foreach (var text in LiteralTexts(method))
                {
                    seen++;
                    if (Words(text).Except(NamesOfThings).Any())
                    {
                        faults.Add($"{OutermostOf(type).FullName}: {text.Trim()}");
                    }
                }
            }
        }

        Assert.True(seen > 0, "no literal was looked at: the rule checks nothing any more");
        Assert.True(faults.Count == 0, $"{faults.Count} literal texts in pages:\n{string.Join('\n', faults)}");
    }

    /// <summary>What a page's compiled markup shows as it stands: text between tags and attributes that are read.</summary>
    private static IEnumerable<string> LiteralTexts(MethodBase method)
    {
        var recent = new Queue<string?>();
        foreach (var instruction in CompiledCode.Instructions(method))
        {
            if (instruction.Operand is MethodBase { Name: var name, DeclaringType.Name: "RenderTreeBuilder" })
            {
                var literals = recent.OfType<string>().ToList();
                switch (name)
                {
                    case "AddMarkupContent" when recent.LastOrDefault() is { } markup:
                        yield return WebUtility.HtmlDecode(Tags().Replace(Silent().Replace(markup, " "), " "));
                        foreach (Match attribute in MarkupAttributes().Matches(markup))
                        {
                            if (ReadAttributes.Contains(attribute.Groups[1].Value))
                            {
                                yield return WebUtility.HtmlDecode(attribute.Groups[2].Value);
                            }
                        }

                        break;
                    case "AddContent" when recent.LastOrDefault() is { } content:
                        yield return content;
                        break;
                    case "AddAttribute" or "AddComponentParameter" when recent.LastOrDefault() is { } value && literals.Count >= 2 && ReadAttributes.Contains(literals[^2]):
                        yield return value;
                        break;
                    default:
                        break;
                }

                recent.Clear();
            }
            else if (instruction.Code == OpCodes.Ldstr)
            {
                recent.Enqueue((string)instruction.Operand!);
            }
            else if (instruction.Code.FlowControl == FlowControl.Call || instruction.Code == OpCodes.Ldloc)
            {
                recent.Enqueue(null); // what is shown was computed, not written
            }
        }
    }

    private static IEnumerable<string> Words(string text) => Letters().Matches(text).Select(m => m.Value);

    private static HashSet<string> Placeholders(string text) => [.. Placeholder().Matches(text).Select(m => m.Groups[1].Value)];

    private static Type OutermostOf(Type type) => type.DeclaringType is { } outer ? OutermostOf(outer) : type;

    private static List<string> ResourceFiles() => [.. new[] { "MailPlus.Engine", "MailPlus.Web" }
        .SelectMany(p => System.IO.Directory.EnumerateFiles(Path.Combine(RepositoryTree.Root, p), "*.resx", SearchOption.AllDirectories))
        .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    private static Dictionary<string, string> Entries(string file) => XDocument.Load(file).Root!.Elements("data")
        .ToDictionary(e => (string)e.Attribute("name")!, e => (string?)e.Element("value") ?? "", StringComparer.Ordinal);

    private static string Shown(string file) => Path.GetRelativePath(RepositoryTree.Root, file);

    [GeneratedRegex(@"<(script|style|svg|code)\b.*?</\1>", RegexOptions.Singleline)]
    private static partial Regex Silent();

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tags();

    [GeneratedRegex("([a-zA-Z-]+)=\"([^\"]*)\"")]
    private static partial Regex MarkupAttributes();

    [GeneratedRegex(@"\p{L}{2,}\d?")]
    private static partial Regex Letters();

    [GeneratedRegex(@"\{(\d+)[^}]*\}")]
    private static partial Regex Placeholder();
}
